using System.Globalization;
using System.Text.RegularExpressions;

namespace Xenolith.Architecture.Tests;

/// <summary>What the documents say about the repository's files is so.</summary>
public sealed partial class DocumentTests
{
    public static TheoryData<string> Documents => [.. Repository.Documents];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_path_that_a_document_names_is_there(string document)
    {
        string folder = Path.GetDirectoryName(Repository.Absolute(document))!;
        string text = Repository.Read(document);
        IEnumerable<string> links = Link().Matches(text).Select(m => Path.Combine(folder, m.Groups[1].Value));
        IEnumerable<string> paths = RepositoryPath().Matches(text).Select(m => Repository.Absolute(m.Value.TrimEnd('.', '/')));
        Assert.All(links.Concat(paths).Distinct(), path => Assert.True(Path.Exists(path), path));
    }

    [Fact]
    public void The_memory_map_has_the_kernels_addresses()
    {
        string map = Repository.Read("ARCHITECTURE.md").Replace("_", "", StringComparison.Ordinal);
        string[] addresses = [.. LayoutAddress().Matches(Repository.Read("src/Xenolith.Kernel/Memory/Layout.cs").Replace("_", "", StringComparison.Ordinal))
            .Select(m => ulong.Parse(m.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture).ToString("X16", CultureInfo.InvariantCulture))];
        Assert.NotEmpty(addresses);
        Assert.All(addresses, address => Assert.Contains($"0x{address}", map));
    }

    // [text](path), not [text](https://...), and without a #section.
    [GeneratedRegex(@"\]\((?!\w+:|#)([^)#]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();

    // A path from the root, whole: not part of a longer one, and without wildcards.
    [GeneratedRegex(@"(?<![\w/.*-])(?:src|test|bench|samples|docs|build)/[\w./-]+(?![\w*<])")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"const ulong \w+ = 0x([0-9A-F]+);")]
    private static partial Regex LayoutAddress();
}
