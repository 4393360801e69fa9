using System.Security.Cryptography;

namespace Xenolith.Conformance.Crypto;

/// <summary>Writes what was observed, a line each.</summary>
internal static class Report
{
    internal static void Line(string what, object value) => Console.WriteLine($"{what}: {value}");

    internal static void Bytes(string what, ReadOnlySpan<byte> value) => Line(what, Convert.ToHexStringLower(value));

    /// <summary>Writes which exception an action ends with.</summary>
    internal static void Throws(string what, Action action)
    {
        try
        {
            action();
            Line(what, "no exception");
        }
        catch (CryptographicException exception)
        {
            Line(what, exception.GetType().Name);
        }
    }
}
