using Xenolith.Sdk.Toolstack;

namespace Xenolith.Image.Tests;

/// <summary>System.Security.Cryptography and SslStream.</summary>
public sealed class CryptoTests(ImageBed bed)
{
    // Where a user's certificates would be: nobody's on any machine.
    private static readonly Dictionary<string, string> Environment = new() { ["HOME"] = "/nowhere" };

    [Fact]
    public async Task Cryptography_and_TLS_do_on_Xen_what_they_do_on_Linux()
    {
        LinuxProcess process = await LinuxProcess.RunAsync(Images.Crypto, [], Environment);
        Assert.Equal((0, ""), (process.ExitCode, process.Errors));
        // Published test vectors, so that both are not wrong in the same way: FIPS 180-4, RFC 4231, GCM's authors, RFC 8439.
        Assert.Contains("\nSHA-256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n", process.Output);
        Assert.Contains("\nHMAC-SHA-256: 5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843\n", process.Output);
        Assert.Contains("\nAES-128 GCM tag: 5bc94fbc3221a5db94fae95ae7121a47\n", process.Output);
        Assert.Contains("\nChaCha20-Poly1305 tag: 1ae10b594f09e26a7e902ecbd0600691\n", process.Output);
        Assert.Contains("\nECDSA of RFC 6979: True\n", process.Output);
        Assert.Contains("\nTls13, ECDSA: Tls13, authenticated cipher, ALPN 'h2', found None, mutual False\n", process.Output);

        ImageRun run = (await bed.RunAsync(Images.Crypto, GuestCommandLine.Join(Environment, []), memory: 128)).RequireSuccess();
        Assert.Equal(process.Output.Split('\n'), run.Output.Split('\n'));
    }

    [Fact]
    public async Task The_root_certificates_that_were_packed_are_trusted()
    {
        ImageRun run = (await bed.RunAsync(Images.Crypto, "roots", memory: 128)).RequireSuccess();
        Assert.Equal("more than a hundred: True\nISRG Root X1: CABD2A79A1076A31F21D253635CB039D4329A5E8\nit is trusted: True\n", run.Output);
    }
}
