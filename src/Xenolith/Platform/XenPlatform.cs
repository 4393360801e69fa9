using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Hooks;
using Xenolith.Lifecycle;
using Xenolith.Linux;
using Xenolith.Memory;
using Xenolith.Tracing;
using Xenolith.Unikernel;
using Xenolith.Xenbus;
using Xenolith.Xenstore;

namespace Xenolith;

/// <summary>
/// Where a program meets Xen: everything that a driver needs of the place in which it runs, and nothing of how that place does it. A unikernel asks
/// its kernel, a process in a Linux domain the devices in /dev/xen, a simulation plays the hypervisor within one process; a driver sees no
/// difference.
/// </summary>
/// <remarks>
/// Safe from any thread. A place provides <see cref="EventChannelOperations"/>, <see cref="GrantOperations"/> and <see cref="DomainOperations"/>,
/// which are as thin as Xen's own interface; waiting, pools, ownership and reclamation are built on them once, here.
/// </remarks>
public abstract class XenPlatform : IAsyncDisposable
{
    private readonly DomainOperations _domain;
    private readonly Lock _lock = new();
    private readonly Lock _ringGate = new(); // before the locks of EventChannels and Grants
    private volatile Generation _generation = new(0);
    private volatile XenstoreClient? _xenstore;
    private bool _disposed;

    /// <summary>Builds the platform on what its place provides.</summary>
    /// <param name="events">Xen's event channels as this place reaches them.</param>
    /// <param name="grants">Xen's grant tables as this place reaches them.</param>
    /// <param name="domain">The memory and the scheduler of the domain.</param>
    /// <param name="time">The clock by which everything here waits.</param>
    /// <param name="grantOptions">How grants are pooled and reclaimed; <see langword="null"/> for the defaults.</param>
    protected XenPlatform(
        EventChannelOperations events, GrantOperations grants, DomainOperations domain, TimeProvider time, GrantOptions? grantOptions = null)
    {
        _domain = domain;
        TimeProvider = time;
        Hooks = new PlatformHooks(time);
        Tracing = new DomainTracing(this);
        EventChannels = new EventChannelTable(this, events);
        Grants = new GrantTable(this, grants, grantOptions ?? new GrantOptions());
        Lifecycle = new DomainLifecycle(this);
        Memory = new DomainMemory(this, domain, Grants);
    }

    /// <summary>
    /// The platform of the domain in which the program runs: as a unikernel, or as a process of a Linux dom0 or domU (docs/platforms.md). There is
    /// one, opened when it is first asked for.
    /// </summary>
    /// <exception cref="PlatformNotSupportedException">
    /// There is no Xen here, or this process must not use it. The message says what to do.
    /// </exception>
    public static XenPlatform Current => UnikernelPlatform.Instance ?? (XenPlatform)LinuxPlatform.Instance;

    /// <summary>Whether <see cref="Current"/> can be used.</summary>
    public static bool IsSupported => UnikernelPlatform.Instance is not null || LinuxPlatform.IsThere;

    /// <summary>
    /// Whether the program is the whole domain, as a unikernel is: false for a process, which neither ends its domain nor is asked to.
    /// </summary>
    public virtual bool IsWholeDomain => true;

    /// <summary>
    /// The domain's number on its host, by which others name it; after a migration another. <see langword="null"/> where neither Xen nor Linux tells;
    /// the node <c>domid</c> of <see cref="Xenstore"/> has it too.
    /// </summary>
    public virtual ushort? DomainId => null;

    /// <summary>Event channels: notifications to and from other domains and from Xen.</summary>
    public EventChannelTable EventChannels { get; }

    /// <summary>Grants: memory shared with other domains, theirs and ours.</summary>
    public GrantTable Grants { get; }

    /// <summary>How the domain ends: requests of the toolstack, and the end itself.</summary>
    public DomainLifecycle Lifecycle { get; }

    /// <summary>The domain's memory: figures, and giving back what is not needed.</summary>
    public DomainMemory Memory { get; }

    /// <summary>Code that runs around the wait for events, and at the end of the program.</summary>
    public PlatformHooks Hooks { get; }

    /// <summary>Traces: what the kernel, the libraries and the program did, with times (docs/tracing.md).</summary>
    public DomainTracing Tracing { get; }

    internal DeviceClaims DeviceClaims { get; } = new();

    /// <summary>The clock of this place; virtual in a simulation.</summary>
    public TimeProvider TimeProvider { get; }

    /// <summary>The time since the last resume of the domain.</summary>
    public Generation Generation => _generation;

    /// <summary>What the scheduler did since the start. Costs a hypercall.</summary>
    public SchedulerStatistics GetSchedulerStatistics() => SchedulerStatistics.Of(_domain.ReadScheduler());

    /// <summary>
    /// Whether <see cref="Xenstore"/> can be used: the toolstack gave the domain a ring to xenstored, which <c>xl</c> always does; in a Linux
    /// process, there is its socket or the kernel's device.
    /// </summary>
    public virtual bool HasXenstore => false;

    /// <summary>
    /// The domain's client of xenstored, shared by all who live in the domain and connected on first use. It goes on after a resume: requests that
    /// were under way end with <see cref="XenstoreDisconnectedException"/>, open transactions are lost
    /// (<see cref="XenstoreClient.RunTransactionAsync{T}"/> made again succeeds), watches are set up anew and tell their path once.
    /// </summary>
    /// <remarks>Belongs to the platform, which disposes of it: do not.</remarks>
    /// <exception cref="PlatformNotSupportedException"><see cref="HasXenstore"/> is false.</exception>
    public XenstoreClient Xenstore
    {
        get
        {
            if (_xenstore is { } open)
                return open;
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                if (!HasXenstore)
                {
                    throw new PlatformNotSupportedException("This domain has no way to xenstored. Start it with a toolstack that provides one, as xl does; "
                        + "in dom0 start xenstored.");
                }
                return _xenstore ??= new XenstoreClient(CreateXenstoreTransport(), XenstoreClientOptions.Default, Tracing);
            }
        }
    }

    /// <summary>The client of xenstored if somebody has used it.</summary>
    internal XenstoreClient? XenstoreInUse => _xenstore;

    /// <summary>
    /// Runs the hooks of <see cref="PlatformHooks.AtExit"/>, closes the client of xenstored, ends every channel and stops what runs in the
    /// background. Pages that another domain still maps stay allocated.
    /// </summary>
    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Hooks.RunExitHooksAsync();
        XenstoreClient? store;
        lock (_lock)
        {
            _disposed = true;
            store = _xenstore;
        }
        if (store is not null)
            await store.DisposeAsync();
        EventChannels.Dispose();
        Grants.Dispose();
    }

    /// <summary>
    /// Takes over the rings to xenstored that this domain has from its start. For one generation: after a resume the rings end, and are opened anew.
    /// </summary>
    /// <returns><see langword="null"/> where there are none.</returns>
    /// <exception cref="XenException">They are open already.</exception>
    protected internal virtual IXenstoreRing? OpenXenstoreRing() => null;

    /// <summary>How this place traces. Called once, on first use.</summary>
    internal virtual TraceOperations CreateTraceOperations() => new LibraryTrace(TimeProvider, isProcess: false);

    /// <summary>What <see cref="Xenstore"/> uses: the ring of <see cref="OpenXenstoreRing"/>, unless the place has another way.</summary>
    private protected virtual XenstoreTransport CreateXenstoreTransport() => new XenstorePlatformTransport(this);

    /// <summary>For <see cref="OpenXenstoreRing"/>: the rings in a page that stays mapped until the end.</summary>
    /// <param name="page">Address of the page, in the layout of <see cref="Abi.XenstoreInterface"/>.</param>
    /// <param name="port">The port beside it, which was there at the start or at the resume.</param>
    protected XenstoreRing TakeOverXenstoreRing(nint page, uint port)
    {
        lock (_ringGate)
        {
            bool isResumed = Generation.Number > 0;
            Unsent?.Clear(); // of a ring that has ended
            return new XenstoreRing(new StartOfDayPage(page), EventChannels.Adopt(port), startsEmpty: isResumed) { Unsent = Unsent, Gate = _ringGate };
        }
    }

    /// <summary>Where the ring to xenstored notes what is under way; <see langword="null"/> where nobody needs to know.</summary>
    private protected virtual UnsentBytes? Unsent => null;

    /// <summary>
    /// Called by the place when the domain has been resumed and new ports and grants can be made: begins the next generation. Waiters on old ports
    /// get <see cref="StaleHandleException"/>, references and mappings of before are forgotten (Xen has none of them any more), and
    /// <see cref="Generation.Ended"/> is cancelled last.
    /// </summary>
    protected void BeginNextGeneration()
    {
        Generation ended = _generation;
        IReadOnlyList<EventChannel> channels;
        lock (_ringGate)
            lock (EventChannels.SyncRoot)
                lock (Grants.SyncRoot)
                {
                    RenewPlace();
                    channels = ForgetAll();
                }
        End(ended, channels);
    }

    /// <summary>What the place has to forget when <see cref="BeginNextGeneration"/> is called, before anything else does.</summary>
    private protected virtual void RenewPlace()
    {
    }

    /// <summary>
    /// Stops the domain, to be saved or migrated, and returns when it runs again; after a resume in the next generation. What works on ports,
    /// references or the ring to xenstored is not in the middle of it meanwhile.
    /// </summary>
    /// <exception cref="XenException">Xen refused.</exception>
    internal SuspendOutcome Suspend()
    {
        Generation ended = _generation;
        IReadOnlyList<EventChannel> channels;
        lock (_ringGate)
            lock (EventChannels.SyncRoot)
                lock (Grants.SyncRoot)
                {
                    if (StopDomain() == SuspendOutcome.Cancelled)
                        return SuspendOutcome.Cancelled;
                    channels = ForgetAll();
                }
        End(ended, channels);
        return SuspendOutcome.Resumed;
    }

    /// <summary>What <see cref="Suspend"/> does in this place. Returns when the domain runs again; the next generation begins then.</summary>
    protected virtual SuspendOutcome StopDomain() => throw NotADomain();

    private IReadOnlyList<EventChannel> ForgetAll()
    {
        _generation = new Generation(_generation.Number + 1);
        Grants.ForgetAll();
        return EventChannels.ForgetAll();
    }

    private static void End(Generation ended, IReadOnlyList<EventChannel> channels)
    {
        // With no lock held: those who waited go on.
        foreach (EventChannel channel in channels)
            channel.BecomeStale();
        ended.End();
    }

    /// <summary>What <see cref="DomainLifecycle.SetExitReason"/> does in this place.</summary>
    /// <param name="reason">Poweroff or reboot.</param>
    protected internal virtual void SetExitReason(ShutdownReason reason) => throw NotADomain();

    /// <summary>Ends the program and the domain, if the end of the program is that of a domain in this place.</summary>
    /// <param name="reason">Poweroff, reboot or crash.</param>
    /// <param name="exitCode">The program's exit code; of no meaning in a crash.</param>
    /// <param name="message">Why it crashes.</param>
    /// <returns>Completes only in a simulation.</returns>
    protected internal virtual Task ShutdownAsync(ShutdownReason reason, int exitCode, string? message = null) => throw NotADomain();

    private static PlatformNotSupportedException NotADomain() =>
        new("This program is a process, not a domain: it can end itself, but not the machine that it runs on.");
}
