using System.Security.Cryptography.X509Certificates;

namespace Xenolith.Conformance.Crypto;

/// <summary>The root certificates that the machine trusts.</summary>
internal static class Roots
{
    internal static void Run()
    {
        using X509Store store = new(StoreName.Root, StoreLocation.LocalMachine);
        store.Open(OpenFlags.ReadOnly);
        X509Certificate2? known = store.Certificates.FirstOrDefault(c => c.Subject.Contains("CN=ISRG Root X1", StringComparison.Ordinal));
        Report.Line("more than a hundred", store.Certificates.Count > 100);
        Report.Line("ISRG Root X1", known is null ? "unknown" : known.Thumbprint);
        if (known is null)
            return;

        using X509Chain chain = new();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        Report.Line("it is trusted", chain.Build(known));
    }
}
