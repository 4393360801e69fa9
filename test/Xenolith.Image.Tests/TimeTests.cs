using System.Globalization;

namespace Xenolith.Image.Tests;

/// <summary>The base class library's clocks and timers keep Xen's time.</summary>
public sealed class TimeTests(ImageBed bed)
{
    [Fact]
    public async Task The_monotonic_clock_counts_nanoseconds_and_never_goes_back()
    {
        Dictionary<string, string> now = Values(await bed.RunAsync(Images.Platform, "time-monotonic"));
        Assert.Equal("1000000000", now["frequency"]);
        Assert.Equal("0", now["backwards"]);
        Assert.InRange(Number(now["smallest"]), 1, 1_000_000); // below a millisecond, though a reading takes its time in emulation
        Assert.InRange(Number(now["apart"]), 0, 5);
        Assert.Equal("00:00:00", now["local"]); // no time zones: UTC
    }

    [Fact]
    public async Task The_wall_clock_is_that_of_dom0()
    {
        const long tolerance = 50_000_000;
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using Domain domain = await bed.Bed.CreateDomainAsync(new() { ImagePath = Images.Platform, CommandLine = "time-wall" }, cancellation);
        await domain.Console.WaitForLineAsync("ready", cancellationToken: cancellation);
        long narrowest = long.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            long before = await ReadClockOfDom0Async();
            await domain.SendConsoleInputAsync("tick\n", cancellation);
            string line = await domain.Console.WaitForLineAsync(text => text.StartsWith($"{i}: ", StringComparison.Ordinal), cancellationToken: cancellation);
            long after = await ReadClockOfDom0Async();
            long guest = long.Parse(line[3..], CultureInfo.InvariantCulture);
            Assert.InRange(guest, before - tolerance, after + tolerance);
            narrowest = Math.Min(narrowest, after - before);
        }
        Assert.InRange(narrowest, 0, 1_000_000_000); // else the readings around it would say little
        await domain.SendConsoleInputAsync("end\n", cancellation);
        (await ImageBed.CompleteAsync(domain)).RequireSuccess();

        async Task<long> ReadClockOfDom0Async() =>
            long.Parse((await bed.Bed.RunAsync("date", "+%s%N")).Output.Trim(), CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task No_sleep_or_delay_ends_early()
    {
        Dictionary<string, string> now = Values(await bed.RunAsync(Images.Platform, "time-delays"));
        Assert.Equal("0", now["early"]);
    }

    [Fact]
    public async Task A_thousand_timers_fire_once_each_in_the_order_of_their_times()
    {
        Dictionary<string, string> now = Values(await bed.RunAsync(Images.Platform, "time-timers"));
        Assert.Equal(("1000", "0", "0", "0"), (now["fired"], now["again"], now["early"], now["overtaken"]));
    }

    private static Dictionary<string, string> Values(ImageRun run) =>
        run.RequireSuccess().Lines.Select(line => line.Split(' ')).ToDictionary(parts => parts[0], parts => parts[1]);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
