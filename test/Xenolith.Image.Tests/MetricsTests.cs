using System.Globalization;

namespace Xenolith.Image.Tests;

/// <summary>The platform's metrics in a domain, as a listener in the program gets them.</summary>
public sealed class MetricsTests(ImageBed bed)
{
    [Fact]
    public async Task A_listener_gets_the_figures_of_the_kernel_and_of_the_runtime()
    {
        ImageRun run = (await bed.RunAsync(Images.Platform, "metrics")).RequireSuccess();
        Dictionary<string, double> now = run.Lines.Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => double.Parse(parts[1], CultureInfo.InvariantCulture));

        double used = now.Where(value => value.Key.StartsWith("xenolith.memory.usage[", StringComparison.Ordinal)).Sum(value => value.Value);
        Assert.InRange(now["xenolith.memory.limit"] - now["xenolith.memory.free"] - used, -65536, 65536); // asked one after the other
        Assert.InRange(now["xenolith.memory.committed"], 1, now["xenolith.memory.commit_limit"]);

        Assert.InRange(now["xenolith.thread.count"], 3, 100);
        Assert.InRange(now["xenolith.thread.runnable"], 0, 100);
        Assert.InRange(now["xenolith.thread.switches"], 25, double.MaxValue);
        Assert.InRange(now["xenolith.upcalls"], 25, double.MaxValue);
        Assert.InRange(now["xenolith.timer.interrupts"], 1, now["xenolith.upcalls"]);
        Assert.InRange(now["xenolith.cpu.time[idle]"], 0.25, 60); // the scenario waits for 300 ms
        Assert.InRange(now["xenolith.cpu.time[running]"], 0.001, 60);
        Assert.InRange(now["xenolith.cpu.time[steal]"], 0, 60);

        Assert.Equal(3, now["xenolith.event_channel.count"]); // both ends of one, and xenstore's
        Assert.InRange(now["xenolith.event_channel.notifications"], 26, 40);
        Assert.InRange(now["xenolith.event_channel.events"], 25, 40); // a connection begins with an event, and xenstore's ring has its own
        Assert.InRange(now["xenolith.event_channel.batches"], 1, now["xenolith.event_channel.events"]);

        Assert.Equal((3, 0), (now["xenolith.grant.references[granted]"], now["xenolith.grant.references[busy]"]));
        Assert.Equal(3, now["xenolith.grant.pages"]);
        Assert.Equal(3 * 4096, now["xenolith.memory.usage[shared]"]);

        Assert.Equal((1, 0, 1), (now["xenolith.xenstore.requests"], now["xenolith.xenstore.errors"], now["xenolith.xenstore.connections"]));

        Assert.InRange(now["dotnet.gc.heap.total_allocated"], 1, double.MaxValue);
        Assert.Contains(now, value => value.Key.StartsWith("dotnet.gc.collections", StringComparison.Ordinal) && value.Value >= 1);
    }
}
