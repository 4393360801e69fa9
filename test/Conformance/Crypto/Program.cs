// System.Security.Cryptography and SslStream at work. Every line is the same wherever it runs; keys and certificates are new each time,
// so what is printed of them is what must hold.
//
//   Crypto                   everything
//   Crypto roots             the root certificates that are there
//   Crypto throughput [MB]   how fast hashing and encryption are here

using Xenolith.Conformance.Crypto;

if (args is ["throughput", .. var rest])
{
    Throughput.Run(rest is [var megabytes] ? int.Parse(megabytes) : 64);
    return;
}

if (args is ["roots"])
{
    Roots.Run();
    return;
}

Hashes.Run();
Ciphers.Run();
RandomNumbers.Run();
Keys.Run();
Certificates.Run();
await Tls.RunAsync();
