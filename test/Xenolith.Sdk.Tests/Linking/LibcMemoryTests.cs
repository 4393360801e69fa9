namespace Xenolith.Sdk.Tests.Linking;

/// <summary>The memory routines that an image has in place of the C library's.</summary>
public sealed class LibcMemoryTests : IDisposable
{
    private const string Musl = "/usr/lib/x86_64-linux-musl";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void They_do_what_loops_over_single_bytes_do_and_touch_nothing_else()
    {
        string program = _directory.Combine("memory"), user = _directory.Combine("use.o");
        Command.Require("gcc", ["-O1", "-fno-builtin", "-fno-tree-loop-distribute-patterns", "-nostdinc", "-isystem", "/usr/include/x86_64-linux-musl", "-c", Repository.Native("libc-memory-use.c"), "-o", user]);
        // As an image is linked: what the object defines comes first, and the C library's own must not be missed.
        Command.Require("gcc", ["-nostdlib", "-static", "-no-pie", "-o", program, $"{Musl}/crt1.o", $"{Musl}/crti.o", user, Path.Combine(Repository.Sdk, "bin", "xenolith-libc.o"), $"{Musl}/libc.a", $"{Musl}/crtn.o", "-Wl,--wrap=pthread_getattr_np"]);
        Command.Result result = Command.Run(program, []);
        Assert.Equal(("72714 as they should be\n", 0), (result.Output, result.ExitCode));
    }
}
