using System.Globalization;

namespace Xenolith.Image.Tests;

/// <summary>What the kernel tells of the domain's memory is so, costs little, and a trim gives memory back.</summary>
public sealed class MemoryTests(ImageBed bed)
{
    private const double MiB = 1 << 20;

    [Theory]
    [InlineData(32)]
    [InlineData(300)]
    public async Task Every_byte_of_the_domain_is_free_or_has_one_use(int memory)
    {
        Dictionary<string, double> now = Figures(await bed.RunAsync(Images.Platform, "memory", memory));
        Assert.InRange(now["total"], (memory - 1) * MiB, memory * MiB);
        Assert.Equal(now["total"], now["free"] + now["image"] + now["program"] + now["shared"] + now["page-tables"] + now["threads"] + now["kernel"]);
        Assert.Equal(now["free"], now["blocks"]);
        Assert.Equal(2 * MiB, now["largest-block"]);
        Assert.All(new[] { "free", "image", "program", "page-tables", "threads", "kernel" }, name => Assert.InRange(now[name], 1, now["total"] - 1));
        Assert.InRange(now["image"], MiB, new FileInfo(Images.Platform).Length + (4 * MiB)); // the file has no zeroed data
        Assert.InRange(now["kernel"], 1, (2 * MiB) + (now["total"] / 500));
        Assert.InRange(now["committed"], 1, now["commit-limit"]);
        Assert.InRange(now["commit-limit"], now["total"] * 0.7, now["total"]);
        Assert.Equal(now["commit-limit"] - now["committed"], now["available"]);
        Assert.InRange(now["heap-used"], 1, now["program"]);
        Assert.Equal((0, 0, 0), (now["granted"], now["cached"], now["foreign"]));
    }

    [Fact]
    public async Task Memory_taken_and_given_back_shows_to_the_byte()
    {
        ImageRun run = (await bed.RunAsync(Images.Platform, "memory-follow")).RequireSuccess();
        const int mapped = 4 << 20, shared = 16 * 4096;
        // Page tables come with the first touch of their range and go with the mapping.
        Assert.Matches($@"^program \+{mapped}, then 0; free -{mapped + (2 * 4096)}, then 0$", run.Lines[0]);
        Assert.Equal($"commit +{mapped}, then 0; free 0, then 0", run.Lines[1]);
        Assert.Equal($"shared +{shared}, then 0; free -{shared}, then 0", run.Lines[2]);
        Assert.Equal("threads +32, then 0 pages", run.Lines[3]);
    }

    [Theory]
    [InlineData(32, 12)]
    [InlineData(128, 90)]
    public async Task A_trim_returns_what_the_heap_does_not_need_any_more(int memory, int filled)
    {
        Dictionary<string, double> now = Figures(await bed.RunAsync(Images.Platform, $"memory-trim {filled}", memory));
        Assert.InRange(now["taken"], filled * MiB * 0.95, double.MaxValue);
        Assert.InRange(now["returned"], filled * MiB * 0.9, double.MaxValue);
        Assert.InRange(now["missing"], double.MinValue, MiB);
    }

    [Fact]
    public async Task A_trim_returns_page_tables_that_are_empty()
    {
        ImageRun run = (await bed.RunAsync(Images.Platform, "memory-trim-tables", 48)).RequireSuccess();
        Assert.Equal("left True, then True\n", run.Output);
    }

    [Fact]
    public async Task The_quick_statistics_allocate_nothing()
    {
        Dictionary<string, double> now = Figures(await bed.RunAsync(Images.Platform, "memory-cost"));
        Assert.Equal((0, 1), (now["allocated"], now["sum"]));
    }

    private static Dictionary<string, double> Figures(ImageRun run) => run.RequireSuccess().Lines
        .Select(line => line.Split(' '))
        .ToDictionary(parts => parts[0], parts => double.Parse(parts[1], CultureInfo.InvariantCulture));
}
