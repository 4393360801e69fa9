using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Xenolith.Conformance.Crypto;

/// <summary>A client and a server that speak TLS with each other.</summary>
internal static class Tls
{
    private static readonly SslApplicationProtocol[] Both = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];

    internal static async Task RunAsync()
    {
        using Authority authority = new();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 elliptic = authority.Issue("server.test", key);
        using RSA rsaKey = RSA.Create(2048);
        using X509Certificate2 rsa = authority.Issue("server.test", rsaKey);
        using ECDsa clientKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 client = authority.Issue("client.test", clientKey);

        foreach (SslProtocols protocol in (SslProtocols[])[SslProtocols.Tls12, SslProtocols.Tls13])
        {
            await ConnectAsync($"{protocol}, ECDSA", authority, new(protocol, elliptic));
            await ConnectAsync($"{protocol}, RSA, HTTP/1.1 only", authority, new(protocol, rsa) { Offered = [SslApplicationProtocol.Http11] });
            await ConnectAsync($"{protocol}, no ALPN", authority, new(protocol, elliptic) { Offered = [] });
            await ConnectAsync($"{protocol}, client with a certificate", authority, new(protocol, elliptic) { Client = client });
            await ConnectAsync($"{protocol}, another host name", authority, new(protocol, elliptic) { Host = "other.test" });
        }
        await ConnectAsync("either protocol", authority, new(SslProtocols.None, elliptic));
        using Authority stranger = new();
        await ConnectAsync("an unknown root", stranger, new(SslProtocols.None, elliptic) { Issuer = authority });
        await DisagreeAsync(elliptic);
    }

    private sealed record Meeting(SslProtocols Protocol, X509Certificate2 Server)
    {
        internal SslApplicationProtocol[] Offered { get; init; } = Both;

        internal X509Certificate2? Client { get; init; }

        internal string Host { get; init; } = "server.test";

        /// <summary>Who signed the certificates, if not whom the client trusts.</summary>
        internal Authority? Issuer { get; init; }
    }

    private static async Task ConnectAsync(string what, Authority trusted, Meeting meeting)
    {
        (DuplexStream near, DuplexStream far) = DuplexStream.CreatePair();
        await using SslStream client = new(near), server = new(far);
        SslStreamCertificateContext context = SslStreamCertificateContext.Create(meeting.Server, [(meeting.Issuer ?? trusted).Intermediate], offline: true);
        Task accepting = server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = context,
            EnabledSslProtocols = meeting.Protocol,
            ApplicationProtocols = [.. Both],
            ClientCertificateRequired = meeting.Client is not null,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is null == meeting.Client is null,
        });
        SslPolicyErrors found = SslPolicyErrors.None;
        Task connecting = client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = meeting.Host,
            EnabledSslProtocols = meeting.Protocol,
            ApplicationProtocols = meeting.Offered.Length == 0 ? null : [.. meeting.Offered],
            ClientCertificateContext = meeting.Client is null ? null : SslStreamCertificateContext.Create(meeting.Client, [trusted.Intermediate], offline: true),
            CertificateChainPolicy = Policy(trusted),
            RemoteCertificateValidationCallback = (_, _, _, errors) =>
            {
                found = errors;
                return true;
            },
        });
        await Task.WhenAll(accepting, connecting);

        Report.Line(what, $"{client.SslProtocol}, {Family(client.NegotiatedCipherSuite)}, ALPN '{client.NegotiatedApplicationProtocol}', found {found}, mutual {server.IsMutuallyAuthenticated}");
        Report.Line($"  both agree", (client.SslProtocol, client.NegotiatedCipherSuite, client.NegotiatedApplicationProtocol) == (server.SslProtocol, server.NegotiatedCipherSuite, server.NegotiatedApplicationProtocol));
        if (meeting.Client is not null)
            Report.Line("  the server sees", server.RemoteCertificate!.Subject);
        await EchoAsync(client, server);
    }

    /// <summary>Half a megabyte there and back, then an orderly end.</summary>
    private static async Task EchoAsync(SslStream client, SslStream server)
    {
        byte[] sent = new byte[512 * 1024];
        new Random(1).NextBytes(sent);
        Task echoing = Task.Run(async () =>
        {
            await server.CopyToAsync(server);
            await server.ShutdownAsync();
        });
        byte[] received = new byte[sent.Length];
        Task reading = client.ReadExactlyAsync(received).AsTask();
        await client.WriteAsync(sent);
        await reading;
        await client.ShutdownAsync();
        await echoing;
        Report.Line("  echoed", $"{received.AsSpan().SequenceEqual(sent)}, then end {await client.ReadAsync(received) == 0}");
    }

    /// <summary>A client and a server without a common protocol: both are told.</summary>
    private static async Task DisagreeAsync(X509Certificate2 certificate)
    {
        (DuplexStream near, DuplexStream far) = DuplexStream.CreatePair();
        await using SslStream client = new(near), server = new(far);
        Task accepting = server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate, EnabledSslProtocols = SslProtocols.Tls13 });
        Task connecting = client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "server.test", EnabledSslProtocols = SslProtocols.Tls12 });
        StringBuilder ends = new();
        foreach (Task end in (Task[])[accepting, connecting])
        {
            try
            {
                await end;
                ends.Append("connected ");
            }
            catch (AuthenticationException)
            {
                ends.Append("refused ");
            }
        }
        Report.Line("no common protocol", ends.ToString().TrimEnd());
    }

    private static X509ChainPolicy Policy(Authority trusted)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(trusted.Root);
        return policy;
    }

    /// <summary>Which of the ciphers is chosen depends on what the processor is good at.</summary>
    private static string Family(TlsCipherSuite suite)
    {
        string name = suite.ToString();
        return name.Contains("GCM", StringComparison.Ordinal) || name.Contains("CHACHA20_POLY1305", StringComparison.Ordinal) ? "authenticated cipher" : name;
    }
}
