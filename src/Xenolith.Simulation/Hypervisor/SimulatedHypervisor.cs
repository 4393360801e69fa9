using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;

namespace Xenolith.Simulation;

/// <summary>
/// A Xen host within one process: several domains with event channels and grants over real shared memory, and a clock of its own.
/// </summary>
/// <remarks>
/// <see cref="Run"/> executes a program with all its domains on one thread in an order that follows from the seed, and lets time jump to the next timer
/// whenever everybody waits: an hour takes no time, and a failure comes again. Outside <see cref="Run"/> the simulation works too, on
/// any number of real threads, with time that only <see cref="VirtualTime.Advance"/> moves.
/// </remarks>
public sealed class SimulatedHypervisor : IDisposable
{
    private readonly Dictionary<ushort, SimulatedDomain> _domains = [];
    private readonly SimulationScheduler _scheduler;
    private ushort _nextId;

    /// <summary>Creates a host without domains.</summary>
    public SimulatedHypervisor(SimulationOptions? options = null)
    {
        Options = options ?? new SimulationOptions();
        Time = new VirtualTime(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Memory = new SimulatedMemory(Options.Pages);
        _scheduler = new SimulationScheduler(Options.Seed, Time);
    }

    /// <summary>How the host is.</summary>
    public SimulationOptions Options { get; }

    /// <summary>The clock of all domains.</summary>
    public VirtualTime Time { get; }

    /// <summary>Continuations that <see cref="Run"/> has executed: equal runs have equal counts.</summary>
    public long Steps => _scheduler.Steps;

    internal Lock SyncRoot { get; } = new();

    internal SimulatedMemory Memory { get; }

    /// <summary>Starts a domain; the first one is number 0 and privileged.</summary>
    public SimulatedDomain CreateDomain(GrantOptions? grantOptions = null)
    {
        lock (SyncRoot)
        {
            SimulatedDomain domain = new(this, _nextId++, grantOptions);
            _domains.Add(domain.Id, domain);
            return domain;
        }
    }

    /// <summary>Runs a program that uses the domains, until it has ended and nothing is left to do at that moment.</summary>
    /// <exception cref="SimulationException">Everybody waits for ever, or <see cref="SimulationOptions.TimeLimit"/> has passed.</exception>
    public void Run(Func<Task> program) => _scheduler.Run(program, Options.TimeLimit);

    /// <summary>Releases the memory. No domain may be used afterwards.</summary>
    public void Dispose() => Memory.Dispose();

    internal SimulatedDomain? TryGetDomain(ushort id) => _domains.GetValueOrDefault(id);

    internal ushort Resolve(ushort id, SimulatedDomain caller) => id == DomainId.Self ? caller.Id : id;

    /// <summary>Does something as a step of its own, with no lock held.</summary>
    internal void Post(Action action) => _scheduler.Post(static state => ((Action)state!)(), action);

    internal void Remove(SimulatedDomain domain)
    {
        _domains.Remove(domain.Id);
        TryGetDomain(0)?.Events.Raise(VirtualInterrupt.DomainException);
    }
}
