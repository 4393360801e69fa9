using Xenolith.Abi;
using Xenolith.Grants;
using Xenolith.Simulation;
using Xenolith.Tracing;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Tracing;

/// <summary>A host with a tool in domain 0 and a domain that it traces.</summary>
internal sealed class TraceWorld : IDisposable
{
    internal TraceWorld(int seed = 1)
    {
        Hypervisor = new SimulatedHypervisor(new SimulationOptions { Seed = seed });
        Zero = Hypervisor.CreateDomain();
        Traced = Hypervisor.CreateDomain(name: "traced");
    }

    internal SimulatedHypervisor Hypervisor { get; }

    internal SimulatedDomain Zero { get; }

    internal SimulatedDomain Traced { get; }

    internal XenstoreClient Toolstack => Zero.Platform.Xenstore;

    internal string Home => $"/local/domain/{Traced.Id}";

    internal string Requests => $"{Home}/data/xenolith/trace/requests";

    public void Dispose() => Hypervisor.Dispose();

    /// <summary>Runs a program, and then requires that neither domain has kept anything of a trace.</summary>
    internal void Run(Func<Task> program) => Hypervisor.Run(async () =>
    {
        // The shared client's channel stays; it is opened before counting.
        foreach (SimulatedDomain domain in (SimulatedDomain[])[Zero, Traced])
            await domain.Platform.Xenstore.ReadAsync("name");
        (int zero, int traced) = (Zero.Platform.EventChannels.OpenCount, Traced.Platform.EventChannels.OpenCount);
        await program();
        await Delay(30); // the reclamation's longest pause, and the limits of a tool that does not come
        Assert.Equal(zero, Zero.Platform.EventChannels.OpenCount);
        if (Traced.IsAlive)
            Assert.Equal((traced, false), (Traced.Platform.EventChannels.OpenCount, Traced.Platform.Tracing.IsRunning));
        foreach (SimulatedDomain domain in (SimulatedDomain[])[Zero, Traced])
        {
            if (!domain.IsAlive)
                continue;
            GrantStatistics statistics = domain.Platform.Grants.GetStatistics();
            Assert.Equal((0, 0, 0, 0), (statistics.Granted, statistics.Reserved, statistics.Reclaiming, statistics.MappedPages));
        }
    });

    internal Task Delay(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), Hypervisor.Time);

    internal Task<TraceService> OfferAsync(TraceServiceOptions? options = null) => Traced.Platform.Tracing.AllowRemoteAsync(options);

    /// <summary>Traces nothing but what the program says, so that a test knows what is to come.</summary>
    internal Task<TraceConnection> ConnectAsync(TraceConnectionOptions? options = null) =>
        TraceConnection.ConnectAsync(Zero.Platform, Traced.Id, options ?? new TraceConnectionOptions { Categories = TraceCategories.User });

    internal static async Task<List<TraceRecord>> ReadToEndAsync(TraceConnection connection)
    {
        List<TraceRecord> records = [];
        await foreach (TraceRecord record in connection.ReadAllAsync())
            records.Add(record);
        return records;
    }

    internal static IEnumerable<ulong> Values(IEnumerable<TraceRecord> records) =>
        records.Where(record => record.Kind == TraceKind.UserInstant).Select(record => record.Value);
}
