using System.Globalization;

namespace Xenolith.Image.Tests;

/// <summary>Who gets the CPU, and that nothing takes it when nothing is due. The rules themselves: RunQueueTests of the kernel.</summary>
public sealed class SchedulingTests(ImageBed bed)
{
    [Fact]
    public async Task Nothing_interrupts_a_domain_in_which_nothing_is_due()
    {
        Dictionary<string, double> now = await RunAsync("scheduling-idle");
        // In 2 s: the end of the sleep, the end of a slice for which the timer was set before, and what the runtime has to do at times. A clock
        // that ticks would have come 200 times.
        Assert.InRange(now["idle-timer"], 1, 5);
        Assert.InRange(now["idle-upcalls"], 1, 10); // the console's back end may have an answer to give
        Assert.InRange(now["idle-running"], 0, 100);
        // A thread that computes alone has no slice.
        Assert.InRange(now["alone-timer"], 0, 5);
        Assert.InRange(now["alone-upcalls"], 0, 10);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public async Task A_storm_of_wake_ups_leaves_a_computing_thread_its_share(int pairs)
    {
        Dictionary<string, double> now = await RunAsync($"scheduling-storm {pairs}");
        // More than its share, since of each pair only one can run; but not all.
        Assert.InRange(now["percent"], 100.0 / (2 * pairs + 1) * 0.8, 75);
        Assert.InRange(now["least-rounds"], 20, double.MaxValue);
    }

    [Fact]
    public async Task A_thread_that_sleeps_just_before_its_slice_ends_does_not_starve_another()
    {
        Dictionary<string, double> now = await RunAsync("scheduling-dodge");
        Assert.InRange(now["percent"], 40, 65);
    }

    private async Task<Dictionary<string, double>> RunAsync(string commandLine) =>
        (await bed.RunAsync(Images.Platform, commandLine)).RequireSuccess().Lines.Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => double.Parse(parts[1], CultureInfo.InvariantCulture));
}
