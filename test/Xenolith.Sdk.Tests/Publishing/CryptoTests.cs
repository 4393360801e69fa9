using System.Text.RegularExpressions;

namespace Xenolith.Sdk.Tests.Publishing;

/// <summary>How OpenSSL gets into images, and that it stays out of those that do not use it.</summary>
[Collection(SampleProject.Collection)]
public sealed class CryptoTests(SampleProject project) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_program_without_cryptography_is_the_same_to_the_byte_and_prepares_nothing()
    {
        string cache = _directory.Combine("cache");
        RequirePublish(project, "XenolithCrypto=false");
        byte[] without = File.ReadAllBytes(project.Image);
        RequirePublish(project, $"XenolithCacheDirectory={cache}");
        Assert.Equal(without, File.ReadAllBytes(project.Image));
        // Not even where there is no OpenSSL.
        RequirePublish(project, $"XenolithCacheDirectory={cache}", "XenolithOpenSslDirectory=/nowhere", "XenolithOpenSslHeaders=/nowhere");
        Assert.Equal(without, File.ReadAllBytes(project.Image));
        Assert.False(Directory.Exists(cache));
    }

    [Fact]
    public void OpenSSL_is_prepared_once_for_all_programs_that_use_it()
    {
        string cache = _directory.Combine("cache");
        using SampleProject hashing = new("""
            using System.Security.Cryptography;
            Console.WriteLine(Convert.ToHexStringLower(SHA256.HashData("abc"u8)));
            """, $"XenolithCacheDirectory={cache}");
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n", Command.Require(hashing.Image, []).Output);

        string prepared = Assert.Single(Directory.GetDirectories(Path.Combine(cache, "sdk")));
        Assert.Equal(["glibc-shim.o", "runtime.a"], Directory.GetFileSystemEntries(prepared).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        DateTime made = File.GetLastWriteTimeUtc(Path.Combine(prepared, "runtime.a"));

        // A second link takes what is there.
        RequirePublish(hashing, $"XenolithCacheDirectory={cache}", "XenolithSymbols=none");
        Assert.Equal(prepared, Assert.Single(Directory.GetDirectories(Path.Combine(cache, "sdk"))));
        Assert.Equal(made, File.GetLastWriteTimeUtc(Path.Combine(prepared, "runtime.a")));

        // Other libraries are prepared for by themselves.
        string copy = Directory.CreateDirectory(_directory.Combine("other libraries")).FullName;
        File.Copy("/usr/lib/x86_64-linux-gnu/libssl.a", Path.Combine(copy, "libssl.a"));
        File.Copy("/usr/lib/x86_64-linux-gnu/libcrypto.a", Path.Combine(copy, "libcrypto.a"));
        RequirePublish(hashing, $"XenolithCacheDirectory={cache}", $"XenolithOpenSslDirectory={copy}");
        Assert.Equal(2, Directory.GetDirectories(Path.Combine(cache, "sdk")).Length);

        // Without OpenSSL the same program is smaller, and one that is asked for and missing is named.
        long with = new FileInfo(hashing.Image).Length;
        RequirePublish(hashing, "XenolithCrypto=false");
        Assert.InRange(new FileInfo(hashing.Image).Length, 1, with - 1_000_000);
        Fails(hashing, "XenolithOpenSslDirectory=/nowhere", @"error XEN1015: The program uses System.Security.Cryptography \(CryptoNative_\w+\), and OpenSSL's static library /nowhere/libssl.a is not there: run `apt-get install libssl-dev`");
        Fails(hashing, "XenolithOpenSslHeaders=/nowhere", "error XEN1015: .* headers are not in /nowhere: run `apt-get install libssl-dev`");
        Fails(hashing, "XenolithRuntimeSources=/nowhere", "error XEN1016: The compiler's package has no sources in /nowhere/libs/");
    }

    private static void Fails(SampleProject project, string property, string message)
    {
        Command.Result result = project.Publish(property);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Matches(message, Assert.Single(Regex.Matches(result.Output, "error .*").Select(m => m.Value).Distinct()));
    }

    private static void RequirePublish(SampleProject project, params string[] properties)
    {
        Command.Result result = project.Publish(properties);
        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
    }
}
