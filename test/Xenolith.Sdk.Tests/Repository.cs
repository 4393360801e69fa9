using System.Reflection;

namespace Xenolith.Sdk.Tests;

/// <summary>Where the files of this repository are.</summary>
internal static class Repository
{
    /// <summary>The repository's folder.</summary>
    internal static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "RepositoryRoot").Value!;

    /// <summary>The SDK's folder.</summary>
    internal static string Sdk => Path.Combine(Root, "src", "Xenolith.Sdk");

    /// <summary>A file beside this test project's native sources.</summary>
    internal static string Native(string name) => Path.Combine(Root, "test", "Xenolith.Sdk.Tests", "Native", name);
}
