using Xenolith.Xenstore;

namespace Xenolith.Tests.Xenstore;

public sealed class PathTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/local/domain/0")]
    [InlineData("device/vif/0/state")]
    [InlineData("/a-b_C@d/9")]
    public void Paths_of_the_protocol_are_accepted(string path) => Assert.True(XenstorePath.IsValid(path));

    [Theory]
    [InlineData("", "empty")]
    [InlineData("/a//b", "empty part")]
    [InlineData("/a/", "slash")]
    [InlineData("/a b", "U+0020")]
    [InlineData("/ä", "U+00E4")]
    [InlineData("/a\0", "U+0000")]
    [InlineData("@releaseDomain", "@")]
    public void Other_paths_are_refused_with_the_reason(string path, string reason) =>
        Assert.Contains(reason, Assert.Throws<ArgumentException>(() => XenstorePath.Validate(path)).Message);

    [Fact]
    public void An_absolute_path_has_3072_characters_at_most_and_a_relative_one_2048()
    {
        Assert.True(XenstorePath.IsValid("/" + new string('a', 3071)));
        Assert.False(XenstorePath.IsValid("/" + new string('a', 3072)));
        Assert.True(XenstorePath.IsValid(new string('a', 2048)));
        Assert.False(XenstorePath.IsValid(new string('a', 2049)));
    }

    [Fact]
    public void Special_names_are_for_watches_and_permissions() => XenstorePath.Validate(XenstorePath.ReleaseDomain, allowSpecial: true);

    [Fact]
    public void A_combined_path_is_below_its_parent() =>
        Gen.Select(Gen.Char["abc"].Array[1, 3].Array[0, 4], Gen.Char["abc"].Array[1, 3]).Sample((parts, last) =>
        {
            string parent = "/" + string.Join('/', parts.Select(part => new string(part)));
            string name = new(last);
            string path = XenstorePath.Combine(parent, name);
            return XenstorePath.IsValid(path)
                && XenstorePath.GetParent(path) == parent
                && XenstorePath.GetName(path) == name
                && XenstorePath.IsSameOrBelow(path, parent)
                && !XenstorePath.IsSameOrBelow(parent, path)
                && !XenstorePath.IsSameOrBelow(path + "x", path);
        });
}
