using System.Globalization;

namespace Xenolith.Image.Tests;

/// <summary>A domain can be small or large; frames beyond 4 GiB are frames like others.</summary>
public sealed class MemorySizeTests(ImageBed bed)
{
    private const long MiB = 1 << 20;

    [Theory]
    [InlineData(16)]
    [InlineData(24)]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(256)]
    public async Task A_small_domain_has_all_its_memory(int memory) => Check(await bed.RunAsync(Images.Platform, "memory-fill", memory), memory);

    [Theory]
    [InlineData(1024)]
    [InlineData(3 * 1024)]
    [InlineData(4 * 1024)]
    [InlineData(5 * 1024)]
    [InlineData(8 * 1024)]
    public async Task A_large_domain_has_all_its_memory(int memory)
    {
        // A machine of its own, which is gone before Xen would clear the domain's memory: this host need not have it all.
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using TestBed large = await TestBed.StartAsync(new() { MachineMemory = BedOptions.MachineMemoryFor(memory) }, cancellation);
        Domain domain = await large.CreateDomainAsync(new() { ImagePath = Images.Platform, CommandLine = "memory-fill", Memory = memory }, cancellation);
        Check(await ImageBed.CompleteAsync(domain, TimeSpan.FromMinutes(5)), memory);
    }

    private static void Check(ImageRun run, int memory)
    {
        Dictionary<string, long> now = run.RequireSuccess().Lines
            .Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => long.Parse(parts[1], CultureInfo.InvariantCulture));
        Assert.InRange(now["total"], (memory - 1) * MiB, memory * MiB);
        Assert.InRange(now["collector"], now["total"] * 0.97, now["total"]);
        Assert.InRange(now["filled"], memory < 64 ? 4 * MiB : memory * MiB * 0.75, now["total"]);
        Assert.InRange(now["taken"], now["filled"], now["total"]);
        Assert.Equal((0, 0, 8), (now["wrong"], now["refused"], now["copied"]));
        Assert.InRange(now["missing"], double.MinValue, MiB + (now["total"] / 500)); // page tables, the account of the RAM, the heap's own
    }
}
