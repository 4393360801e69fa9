using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Simulation.Xenstore;

namespace Xenolith.Simulation;

/// <summary>
/// A Xen host within one process: several domains with event channels and grants over real shared memory, and a clock of its own.
/// </summary>
/// <remarks>
/// <see cref="Run"/> executes a program with all its domains on one thread in an order that follows from the seed, and lets time jump to the next
/// timer whenever everybody waits: an hour takes no time, and a failure comes again. Outside <see cref="Run"/> the simulation works too, on
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

    /// <summary>
    /// Called before each continuation that <see cref="Run"/> executes, with its number, from 0: a test suspends or destroys a domain at every
    /// possible moment. An exception ends the run.
    /// </summary>
    public Action<long>? BeforeStep
    {
        get => _scheduler.BeforeStep;
        set => _scheduler.BeforeStep = value;
    }

    /// <summary>
    /// The host's xenstored. Each domain has its home in it from its start to its end; connect to it as domain 0 to play the toolstack.
    /// </summary>
    public InMemoryXenstored Xenstored { get; } = new();

    internal Lock SyncRoot { get; } = new();

    internal SimulatedMemory Memory { get; }

    /// <summary>Starts a domain; the first one is number 0 and privileged.</summary>
    /// <param name="grantOptions">How its grants are pooled and reclaimed; <see langword="null"/> for the defaults.</param>
    /// <param name="name">Its name in xenstore; <see langword="null"/>: "domain-N".</param>
    public SimulatedDomain CreateDomain(GrantOptions? grantOptions = null, string? name = null)
    {
        lock (SyncRoot)
        {
            ushort id = TakeId();
            Xenstored.AddDomain(id, name);
            SimulatedDomain domain = new(this, id, grantOptions);
            _domains.Add(id, domain);
            return domain;
        }
    }

    /// <summary>Runs a program that uses the domains, until it has ended and nothing is left to do at that moment.</summary>
    /// <exception cref="SimulationException">Everybody waits for ever, or <see cref="SimulationOptions.TimeLimit"/> has passed.</exception>
    public void Run(Func<Task> program) => _scheduler.Run(program, Options.TimeLimit);

    /// <summary>Releases the memory. No domain may be used afterwards.</summary>
    public void Dispose()
    {
        lock (SyncRoot)
        {
            foreach (SimulatedDomain domain in _domains.Values)
                domain.Xenstore.End(); // a step of it may still be waiting for the lock
        }
    }

    internal SimulatedDomain? TryGetDomain(ushort id) => _domains.GetValueOrDefault(id);

    internal ushort Resolve(ushort id, SimulatedDomain caller) => id == DomainId.Self ? caller.Id : id;

    /// <summary>Does something as a step of its own, with no lock held.</summary>
    internal void Post(Action action) => _scheduler.Post(static state => ((Action)state!)(), action);

    internal void Remove(SimulatedDomain domain)
    {
        _domains.Remove(domain.Id);
        Xenstored.RemoveDomain(domain.Id);
        TryGetDomain(0)?.Events.Raise(VirtualInterrupt.DomainException);
    }

    /// <summary>Gives a domain another number, as a migration does. Under the lock.</summary>
    internal void Renumber(SimulatedDomain domain, ushort id)
    {
        if (!_domains.TryAdd(id, domain))
            throw new ArgumentException($"There is a domain {id} already.", nameof(id));
        Xenstored.AddDomain(id, Xenstored.TryGetName(domain.Id));
        Remove(domain);
    }

    private ushort TakeId()
    {
        while (_domains.ContainsKey(_nextId))
            _nextId++;
        return _nextId++;
    }
}
