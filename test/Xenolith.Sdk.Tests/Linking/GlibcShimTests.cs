namespace Xenolith.Sdk.Tests.Linking;

/// <summary>What OpenSSL's libraries get in glibc's place.</summary>
public sealed class GlibcShimTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("memcpy exact", 0, "12345678\n")]
    [InlineData("memcpy over", 134, "")]
    [InlineData("memset over", 134, "")]
    [InlineData("strcat exact", 0, "abcdefg\n")]
    [InlineData("strcat over", 134, "")]
    [InlineData("sprintf exact", 0, "n=12345 7\n")]
    [InlineData("sprintf over", 134, "")]
    [InlineData("select inside", 0, "word 15\n")]
    [InlineData("select outside", 134, "")]
    [InlineData("jobs", 0, "-1 38\n")]
    [InlineData("copies", 0, "12582917\n")] // 5 + 3 * 2^22: the process's number and how often the domain was resumed
    public void A_write_behind_the_destination_ends_the_program_and_one_that_fits_is_done(string what, int exitCode, string output)
    {
        Command.Result result = Command.Run("sh", ["-c", "ulimit -c 0; \"$0\" \"$1\" \"$2\"", Program(), .. what.Split(' '), ""]);
        Assert.Equal((output, exitCode == 0 ? "" : "buffer overflow detected\n", exitCode), (result.Output, result.Errors.Replace("Aborted\n", ""), result.ExitCode));
    }

    private string Program()
    {
        string program = _directory.Combine("shim");
        Command.Require("gcc", ["-w", "-fno-builtin", "-nostdinc", "-isystem", "/usr/include/x86_64-linux-musl", "-nostdlib", "-static", "-no-pie", "-o", program,
            "/usr/lib/x86_64-linux-musl/crt1.o", Repository.Native("glibc-shim-use.c"), Path.Combine(Repository.Sdk, "native", "openssl", "glibc-shim.c"), "/usr/lib/x86_64-linux-musl/libc.a"]);
        return program;
    }
}
