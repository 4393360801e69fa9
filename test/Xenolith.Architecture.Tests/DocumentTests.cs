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

    [Theory]
    [InlineData("docs/hardening.md", 25)]
    [InlineData("docs/mapping.md", 70)]
    public void Every_test_that_a_table_names_is_there(string document, int least)
    {
        string[] named = [.. Repository.ReadLines(document).Where(line => line.StartsWith('|')).SelectMany(line => TestName().Matches(line.Split('|')[^2]).Select(m => m.Value)).Distinct()];
        Assert.True(named.Length >= least, $"{named.Length}");
        HashSet<string> tests = [.. Repository.Sources.Where(path => path.StartsWith("test/", StringComparison.Ordinal) && path.EndsWith(".cs", StringComparison.Ordinal))
            .SelectMany(path => Method().Matches(Repository.Read(path)).Select(m => m.Groups[1].Value))];
        Assert.All(named, name => Assert.Contains(name, tests));
    }

    // [text](path), not [text](https://...), and without a #section.
    [GeneratedRegex(@"\]\((?!\w+:|#)([^)#]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();

    // A path from the root, whole: not part of a longer one, and without wildcards.
    [GeneratedRegex(@"(?<![\w/.*-])(?:src|test|bench|samples|docs|build)/[\w./-]+(?![\w*<])")]
    private static partial Regex RepositoryPath();

    // A sentence of at least three words.
    [GeneratedRegex(@"\b[A-Z]\w*?_\w+_\w+\b")]
    private static partial Regex TestName();

    [GeneratedRegex(@"\b(?:void|Task) (\w+)\(")]
    private static partial Regex Method();

    [GeneratedRegex(@"const ulong \w+ = 0x([0-9A-F]+);")]
    private static partial Regex LayoutAddress();
}
