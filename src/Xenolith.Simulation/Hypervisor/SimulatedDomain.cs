using Xenolith.Abi;
using Xenolith.Lifecycle;
using Xenolith.Simulation.Xenstore;
using Xenolith.Xenstore;

namespace Xenolith.Simulation;

/// <summary>One domain of a <see cref="SimulatedHypervisor"/>: a platform for the code that runs in it, and what its host can do to it.</summary>
public sealed class SimulatedDomain
{
    private readonly SimulatedHypervisor _hypervisor;
    private readonly SimulatedPlatform _platform;

    internal SimulatedDomain(SimulatedHypervisor hypervisor, ushort id, Grants.GrantOptions? grantOptions)
    {
        _hypervisor = hypervisor;
        Id = id;
        Faults = new SimulatedFaults((hypervisor.Options.Seed * 31) + id);
        Figures = new SimulatedFigures(Faults);
        Events = new SimulatedEventChannels(hypervisor, this);
        GrantOperations = new SimulatedGrants(hypervisor, this);
        Xenstore = new SimulatedXenstoreRing(hypervisor, this);
        _platform = new SimulatedPlatform(this, hypervisor.Time, grantOptions);
    }

    /// <summary>Its number; a migration may change it.</summary>
    public ushort Id { get; private set; }

    /// <summary>Domain 0 may bind the interrupts that tell of other domains.</summary>
    public bool IsPrivileged => Id == 0;

    /// <summary>False after <see cref="Destroy"/>.</summary>
    public bool IsAlive { get; private set; } = true;

    /// <summary>How the end of the domain's program would be reported now; also what <see cref="Exit"/> ends the domain with.</summary>
    public ShutdownReason ExitReason { get; private set; }

    /// <summary>How the domain ended by itself; <see langword="null"/> while it runs, and if it was destroyed.</summary>
    public SimulatedEnd? End { get; private set; }

    /// <summary>The platform for the code that runs in the domain.</summary>
    public XenPlatform Platform => _platform;

    /// <summary>Makes this domain's operations fail.</summary>
    public SimulatedFaults Faults { get; }

    /// <summary>What the domain is told of its memory and its scheduler.</summary>
    public SimulatedFigures Figures { get; }

    internal SimulatedEventChannels Events { get; }

    internal SimulatedGrants GrantOperations { get; }

    internal SimulatedXenstoreRing Xenstore { get; }

    /// <summary>
    /// The end of the domain as its peers see it: its ports are closed, its mappings end with their notifications, its nodes in xenstore go, and
    /// domain 0 gets <see cref="EventChannels.VirtualInterrupt.DomainException"/>. Code of the domain that still runs gets errors.
    /// </summary>
    public void Destroy()
    {
        lock (_hypervisor.SyncRoot)
        {
            if (!IsAlive)
                return;
            GrantOperations.Destroy();
            Events.CloseAll();
            Xenstore.Destroy();
            IsAlive = false;
            _hypervisor.Remove(this);
        }
    }

    /// <summary>
    /// Suspends and resumes the domain, as a restore or a migration does: ports, grants and mappings are gone, memory is as it was, the ring to
    /// xenstored is new, and the platform is in its next generation.
    /// </summary>
    /// <param name="newId">
    /// The number that the domain has from now on, with a new home in xenstore; <see langword="null"/>: number and home stay.
    /// </param>
    public void SuspendAndResume(ushort? newId = null)
    {
        Renew(newId);
        _platform.Resume();
    }

    /// <summary>Sees to what comes of it when the domain's program suspends it (<see cref="Lifecycle.DomainLifecycle.SuspendAsync"/>).</summary>
    public SimulatedSuspension Suspension { get; set; } = new();

    private SuspendOutcome Stop()
    {
        SimulatedSuspension suspension = Suspension;
        XenException.ThrowIfError(suspension.Error, "suspend the domain");
        if (suspension.Outcome == SuspendOutcome.Resumed)
            Renew(suspension.NewId);
        return suspension.Outcome;
    }

    private void Renew(ushort? newId)
    {
        lock (_hypervisor.SyncRoot)
        {
            GrantOperations.Resume();
            Events.CloseAll();
            Xenstore.End();
            if (newId is ushort id && id != Id)
            {
                _hypervisor.Renumber(this, id);
                Id = id;
            }
            Xenstore.Begin();
        }
    }

    /// <summary>
    /// The domain's program ends with an exit code, as by returning from <c>Main</c>: the domain ends with <see cref="ExitReason"/>.
    /// </summary>
    public void Exit(int exitCode) => Shutdown(new SimulatedEnd(ExitReason, exitCode & 0xFF, Message: null));

    /// <summary>Sends the domain one of Xen's interrupts.</summary>
    public void Raise(EventChannels.VirtualInterrupt interrupt)
    {
        lock (_hypervisor.SyncRoot)
            Events.Raise(interrupt);
    }

    private void Shutdown(SimulatedEnd end)
    {
        lock (_hypervisor.SyncRoot)
        {
            if (!IsAlive)
                return;
            End = end;
            Destroy();
        }
    }

    private sealed class SimulatedPlatform(SimulatedDomain domain, TimeProvider time, Grants.GrantOptions? options)
        : XenPlatform(domain.Events, domain.GrantOperations, domain.Figures, time, options)
    {
        public override bool HasXenstore => true;

        public override ushort? DomainId => domain.Id;

        protected override IXenstoreRing? OpenXenstoreRing() => TakeOverXenstoreRing(domain.Xenstore.Page, domain.Xenstore.Port);

        internal void Resume() => BeginNextGeneration();

        protected override SuspendOutcome StopDomain() => domain.Stop();

        protected override void SetExitReason(ShutdownReason reason) => domain.ExitReason = reason;

        protected override async Task ShutdownAsync(ShutdownReason reason, int exitCode, string? message = null)
        {
            if (reason != ShutdownReason.Crash)
                await Hooks.RunExitHooksAsync();
            domain.Shutdown(new SimulatedEnd(reason, reason == ShutdownReason.Crash ? null : exitCode & 0xFF, message));
        }
    }
}

/// <summary>How a simulated domain ended by itself.</summary>
/// <param name="Reason">What the toolstack is told.</param>
/// <param name="ExitCode">The program's exit code, 0 to 255; <see langword="null"/> for a crash.</param>
/// <param name="Message">Why it crashed.</param>
public sealed record SimulatedEnd(ShutdownReason Reason, int? ExitCode, string? Message);

/// <summary>What comes of suspending a simulated domain.</summary>
/// <param name="Outcome">Whether it is resumed in a new place or goes on as it was.</param>
/// <param name="NewId">The number that it is resumed with; <see langword="null"/>: it keeps its number and its home in xenstore.</param>
/// <param name="Error">Why Xen refuses.</param>
public sealed record SimulatedSuspension(SuspendOutcome Outcome = SuspendOutcome.Resumed, ushort? NewId = null, XenError Error = XenError.None);
