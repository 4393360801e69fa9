using System.Text.RegularExpressions;

namespace Xenolith.Architecture.Tests;

/// <summary>Rules that every source file keeps.</summary>
public sealed partial class SourceTests
{
    private const int LongestFile = 500;

    [Fact]
    public void A_file_of_the_product_fits_in_the_head() => Assert.Empty(
        from path in Repository.Sources
        where path.StartsWith("src/", StringComparison.Ordinal) && path.EndsWith(".cs", StringComparison.Ordinal)
        let lines = Repository.ReadLines(path).Length
        where lines >= LongestFile
        select $"{path}: {lines} lines");

    [Fact]
    public void Nothing_is_left_to_do_in_a_source() => Assert.Empty(
        from path in Repository.Sources
        from line in Repository.ReadLines(path)
        where LeftOver().IsMatch(line)
        select $"{path}: {line.Trim()}");

    [Fact]
    public void A_file_of_the_kernel_begins_with_what_it_is_responsible_for() => Assert.Empty(
        from path in Repository.Sources
        where path.StartsWith("src/Xenolith.Kernel/", StringComparison.Ordinal) && Path.GetExtension(path) is ".cs" or ".S" or ".inc" or ".sh"
        let first = Repository.ReadLines(path).First(line => !line.StartsWith("#!", StringComparison.Ordinal))
        where !first.StartsWith(path.EndsWith(".cs", StringComparison.Ordinal) ? "// " : "# ", StringComparison.Ordinal)
        select path);

    // Spelled so that this file passes its own test.
    [GeneratedRegex(@"\b(TO[D]O|FIX[M]E|NotImplemented[E]xception)\b")]
    private static partial Regex LeftOver();
}
