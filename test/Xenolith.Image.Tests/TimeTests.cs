using System.Globalization;
using System.Text.RegularExpressions;

namespace Xenolith.Image.Tests;

/// <summary>The base class library's clocks and timers keep Xen's time.</summary>
public sealed partial class TimeTests(ImageBed bed)
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
        // Readings that other work on the host has kept apart say little: at least one has to be narrow.
        const long narrow = 1_000_000_000;
        long narrowest = long.MaxValue;
        for (int i = 0; i < 5 || narrowest > narrow && i < 50; i++)
        {
            long before = await ReadClockOfDom0Async();
            await domain.SendConsoleInputAsync("tick\n", cancellation);
            string line = await domain.Console.WaitForLineAsync(text => text.StartsWith($"{i}: ", StringComparison.Ordinal), cancellationToken: cancellation);
            long after = await ReadClockOfDom0Async();
            long guest = long.Parse(line[3..], CultureInfo.InvariantCulture);
            Assert.InRange(guest, before - tolerance, after + tolerance);
            narrowest = Math.Min(narrowest, after - before);
        }
        Assert.InRange(narrowest, 0, narrow);
        await domain.SendConsoleInputAsync("end\n", cancellation);
        (await ImageBed.CompleteAsync(domain)).RequireSuccess();

        // The kernel's own account: its date program knows whole seconds only.
        async Task<long> ReadClockOfDom0Async()
        {
            string timers = (await bed.Bed.RunAsync("head", "-n", "300", "/proc/timer_list")).Output;
            Match now = NowOfLinux().Match(timers), offset = RealTimeOffsetOfLinux().Match(timers);
            Assert.True(now.Success && offset.Success, timers);
            return long.Parse(now.Groups[1].Value, CultureInfo.InvariantCulture) + long.Parse(offset.Groups[1].Value, CultureInfo.InvariantCulture);
        }
    }

    [Fact]
    public async Task The_local_time_zone_is_the_one_that_was_packed()
    {
        ImageRun run = (await bed.RunAsync(Images.Scenarios, "local-time")).RequireSuccess();
        Assert.Equal(
            [
                "Asia/Tokyo: 2026-07-01T21:00:00.0000000+09:00",
                "zones: UTC, Asia/Tokyo",
                "/etc/localtime: /usr/share/zoneinfo/Asia/Tokyo, True",
                "/etc: /etc/group /etc/hosts /etc/localtime /etc/nsswitch.conf /etc/os-release /etc/passwd",
                "/usr: /usr/share/zoneinfo/Asia/Tokyo /usr/share/zoneinfo/zone.tab",
                "/etc/hosts: 127.0.0.1 packed",
                "Read-only file system : '/etc/hosts'",
                "Resource busy : '/etc/localtime'",
                "Read-only file system : '/usr/share/new'",
                "/etc/new: new",
            ],
            run.Lines);
    }

    [Fact]
    public async Task No_sleep_or_delay_ends_early()
    {
        Dictionary<string, string> now = Values(await bed.RunAsync(Images.Platform, "time-delays"));
        Assert.Equal(("0", "0", "0"), (now["early-sleeps"], now["early-waits"], now["early-delays"]));
    }

    [Fact]
    public async Task A_thousand_timers_fire_once_each_in_the_order_of_their_times()
    {
        Dictionary<string, string> now = Values(await bed.RunAsync(Images.Platform, "time-timers"));
        Assert.Equal(("1000", "0", "0", "0"), (now["fired"], now["again"], now["early"], now["overtaken"]));
    }

    [Fact]
    public async Task Waits_below_a_millisecond_are_as_long_as_asked()
    {
        Dictionary<string, string> now = Values(await bed.RunAsync(Images.Platform, "time-precise"));
        Assert.Equal("0", now["early"]);
        Assert.InRange(Number(now["best"]), 300, 999); // 300 us were asked for; whole milliseconds would show
        Assert.InRange(Number(now["best-async"]), 300, 1999);
    }

    [Fact]
    public async Task Random_bytes_differ_from_run_to_run_and_from_call_to_call()
    {
        string[] first = (await bed.RunAsync(Images.Platform, "random")).RequireSuccess().Lines;
        string[] second = (await bed.RunAsync(Images.Platform, "random")).RequireSuccess().Lines;
        string[] all = [.. first, .. second];
        Assert.True(all.Distinct().Count() == 8, string.Join("\n", all));
        Assert.All(all.Where(line => !line.Contains('-')), line => Assert.Equal(64, line.Length));
    }

    private static Dictionary<string, string> Values(ImageRun run) =>
        run.RequireSuccess().Lines.Select(line => line.Split(' ')).ToDictionary(parts => parts[0], parts => parts[1]);

    [GeneratedRegex("now at ([0-9]+) nsecs")]
    private static partial Regex NowOfLinux();

    [GeneratedRegex(@"get_time:\s+ktime_get_real\s+\.offset:\s+([0-9]+) nsecs")]
    private static partial Regex RealTimeOffsetOfLinux();

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
