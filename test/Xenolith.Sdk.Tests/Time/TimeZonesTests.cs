using Xenolith.Sdk.Linking;
using Xenolith.Sdk.Time;

namespace Xenolith.Sdk.Tests.Time;

/// <summary>Which files a list of time zones leads to, and what is said of a name that is none.</summary>
public sealed class TimeZonesTests : IDisposable
{
    private const string Installed = "/usr/share/zoneinfo";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Zones_are_taken_by_name_once_and_in_order() =>
        Assert.Equal(["America/New_York", "Etc/GMT+1", "Europe/Zurich"], TimeZones.Select(Installed, ["Europe/Zurich", "America/New_York", "Etc/GMT+1", "Europe/Zurich"]));

    [Fact]
    public void All_are_those_of_the_table_and_their_other_names_without_leap_seconds()
    {
        IReadOnlyList<string> all = TimeZones.Select(Installed, ["all"]);
        Assert.InRange(all.Count, 500, 700);
        Assert.Contains("US/Eastern", all);
        Assert.DoesNotContain(all, name => name.StartsWith("right/", StringComparison.Ordinal) || name.StartsWith("posix", StringComparison.Ordinal) || name is "localtime" or "zone.tab");
        Assert.Equal(File.ReadLines($"{Installed}/zone.tab").Count(line => !line.StartsWith('#')), TimeZones.TableOf(Installed, all).Count(c => c == '\n'));
    }

    [Fact]
    public void The_table_lists_what_is_in_the_image() =>
        Assert.Equal("CH\t+4723+00832\tEurope/Zurich\n", string.Join("\t", TimeZones.TableOf(Installed, ["Europe/Zurich", "US/Eastern"]).Split('\t').Take(3)).TrimEnd('\n') + "\n");

    [Theory]
    [InlineData("europe/zurich", "Did you mean Europe/Zurich?")]
    [InlineData("New York", "Did you mean America/New_York?")]
    [InlineData("Mars/Olympus", "/usr/share/zoneinfo/zone.tab lists them.")]
    [InlineData("zone.tab", "lists them.")]
    [InlineData("../zoneinfo/UTC", "Did you mean")]
    [InlineData("/usr/share/zoneinfo/UTC", "Did you mean")]
    [InlineData("Europe", "lists them.")]
    public void A_name_that_no_zone_has_is_refused_with_a_hint(string name, string hint)
    {
        ImageLinkException problem = Assert.Throws<ImageLinkException>(() => TimeZones.Select(Installed, ["UTC", name]));
        Assert.Equal("XEN1023", problem.Code);
        Assert.StartsWith($"There is no time zone `{name}` in {Installed}.", problem.Message);
        Assert.Contains(hint, problem.Message);
    }

    [Fact]
    public void A_machine_without_zones_is_told_what_to_install() =>
        Assert.Contains("apt-get install tzdata", Assert.Throws<ImageLinkException>(() => TimeZones.Select(_directory.Path, ["UTC"])).Message);
}
