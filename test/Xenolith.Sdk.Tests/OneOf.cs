namespace Xenolith.Sdk.Tests;

/// <summary>A generator of given values.</summary>
internal static class OneOf
{
    internal static Gen<T> These<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
