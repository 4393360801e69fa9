using Xenolith.Lifecycle;

namespace Xenolith.Hooks;

/// <summary>
/// Code that runs at the turns of the program's life: before the platform waits for events, after it woke, around a suspension, and when the program
/// ends. The program itself is an ordinary <c>Main</c>; there is no loop to call.
/// </summary>
/// <remarks>
/// <para>Safe from any thread. Every registration is undone by disposing of it. Where no hook is registered nothing is done and nothing
/// allocated.</para>
/// <code>
///        +--> wait in Xen --> OnAfterWake --> events are handed to who waits for them --> OnBeforeWait --+
///        +----------------------------------------------------------------------------------------------+
/// </code>
/// <para>That loop has a thread of its own, the dispatcher's; what was woken runs on the thread pool. So the end of a turn does not mean that the
/// program is idle.</para>
/// </remarks>
public sealed class PlatformHooks
{
    private readonly Lock _lock = new();
    private readonly ExitHooks _exit;
    private readonly SuspendHooks _suspend;
    private Registration[] _beforeWait = []; // replaced as a whole, so that the dispatcher reads them without a lock
    private Registration[] _afterWake = [];
    private long _failures;

    internal PlatformHooks(TimeProvider time)
    {
        _exit = new ExitHooks(time, Report);
        _suspend = new SuspendHooks(time, Report);
    }

    /// <summary>
    /// A hook threw or took too long: tells which and why. Called on the thread pool, or in a simulation where the hook ran. While nobody subscribes,
    /// a line on the error output tells.
    /// </summary>
    public event Action<HookFailure>? Failed;

    /// <summary>How often hooks have failed so far. Of a hook that fails in each turn only the first time is told; each counts.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Limits of time for hooks at the end. Set it before the program ends.</summary>
    public ExitHookOptions ExitOptions
    {
        get => _exit.Options;
        set
        {
            Check(value.HookLimit, value.TotalLimit, value.Grace);
            _exit.Options = value;
        }
    }

    /// <summary>Limits of time for hooks around a suspension.</summary>
    public SuspendHookOptions SuspendOptions
    {
        get => _suspend.Options;
        set
        {
            Check(value.HookLimit, value.TotalLimit, value.Grace);
            _suspend.Options = value;
        }
    }

    /// <summary>
    /// Calls a method each time that the dispatcher has handed out all events and is about to wait. The wait may end at once, if more has come.
    /// </summary>
    /// <param name="hook">
    /// Called on the dispatcher's thread, in order of registration: every event of the domain waits for it. It must not block, nor wait for an event.
    /// An exception is reported and keeps nothing else from running.
    /// </param>
    /// <returns>Ends the registration when disposed of; a call that is under way may still finish.</returns>
    public IDisposable OnBeforeWait(Action hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return Add(ref _beforeWait, new Registration(this, _ => hook(), "before waiting for events", isBeforeWait: true));
    }

    /// <summary>Calls a method each time that the dispatcher woke, before it hands out events.</summary>
    /// <param name="hook">Is given the number of ports that fired, at least 1. Otherwise as for <see cref="OnBeforeWait"/>.</param>
    /// <returns>Ends the registration when disposed of; a call that is under way may still finish.</returns>
    public IDisposable OnAfterWake(Action<int> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return Add(ref _afterWake, new Registration(this, hook, "after waking up", isBeforeWait: false));
    }

    /// <summary>
    /// Calls a method when the program ends in good order: <c>Main</c> returns, <see cref="Environment.Exit"/> is called, or the platform is disposed
    /// of. The last one that was registered runs first, each after the one before has ended, and each once. After a crash none of them runs.
    /// </summary>
    /// <param name="hook">
    /// Everything of the platform still works for it. Its token is cancelled when its time is up (<see cref="ExitHookOptions"/>); a hook that does
    /// not heed that is left behind. An exception is reported and keeps nothing else from running. It may register further hooks, which run next.
    /// </param>
    /// <param name="name">Names the hook where a failure is told.</param>
    /// <returns>Ends the registration when disposed of.</returns>
    /// <exception cref="InvalidOperationException">All hooks have run already.</exception>
    public IDisposable AtExit(Func<CancellationToken, ValueTask> hook, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return _exit.Add(hook, name is null ? "at exit" : $"{name}, at exit");
    }

    /// <summary>
    /// Calls methods around each suspension of the domain (<c>xl save</c>, <c>xl migrate</c>): what keeps state with a peer can bring it into order
    /// before, and make its connections anew after. Registered later means stopped earlier and started later, so register what others build on first.
    /// </summary>
    /// <param name="suspending">
    /// Called before the domain stops, when everything still works; those registered later come first. <see langword="null"/>: nothing is to be done.
    /// A hook that fails or does not end within its time (<see cref="SuspendOptions"/>) is reported, and the domain is suspended all the same.
    /// </param>
    /// <param name="resumed">
    /// Called when the domain runs again, those registered earlier first, with what came of it: after <see cref="SuspendOutcome.Resumed"/> in the
    /// next <see cref="Generation"/>, after <see cref="SuspendOutcome.Cancelled"/> with everything as it was. <see langword="null"/>: nothing is to
    /// be done.
    /// </param>
    /// <param name="name">Names the hook where a failure is told.</param>
    /// <returns>Ends the registration when disposed of.</returns>
    public IDisposable OnSuspend(
        Func<CancellationToken, ValueTask>? suspending, Func<SuspendOutcome, CancellationToken, ValueTask>? resumed = null, string? name = null) =>
        _suspend.Add(suspending, resumed, name);

    /// <summary>
    /// Runs the hooks of <see cref="AtExit"/> if they have not run, and waits until they have. For a program that is ended by other means than those
    /// named there; any number of callers wait for the same run. Never throws.
    /// </summary>
    public Task RunExitHooksAsync() => _exit.RunAsync();

    internal Task<SuspendHooks.Run> BeginSuspendAsync() => _suspend.BeginAsync();

    internal void AfterWake(int ports) => Call(Volatile.Read(ref _afterWake), ports);

    internal void BeforeWait() => Call(Volatile.Read(ref _beforeWait), 0);

    private static void Check(TimeSpan hookLimit, TimeSpan totalLimit, TimeSpan grace)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(hookLimit, TimeSpan.Zero, "value");
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(totalLimit, TimeSpan.Zero, "value");
        ArgumentOutOfRangeException.ThrowIfLessThan(grace, TimeSpan.Zero, "value");
    }

    private static void Call(Registration[] hooks, int argument)
    {
        foreach (Registration hook in hooks)
            hook.Call(argument);
    }

    private Registration Add(ref Registration[] hooks, Registration added)
    {
        lock (_lock)
            Volatile.Write(ref hooks, [.. hooks, added]);
        return added;
    }

    private void Remove(Registration registration)
    {
        lock (_lock)
        {
            ref Registration[] hooks = ref registration.IsBeforeWait ? ref _beforeWait : ref _afterWake;
            Volatile.Write(ref hooks, [.. hooks.Where(hook => hook != registration)]);
        }
    }

    /// <summary>Tells of a failure on the dispatcher's thread. Whoever is told may block, on a console that nobody reads for example.</summary>
    private void ReportElsewhere(HookFailure failure)
    {
        if (SynchronizationContext.Current is null)
            ThreadPool.UnsafeQueueUserWorkItem(static told => told.Hooks.Report(told.Failure), (Hooks: this, Failure: failure), preferLocal: false);
        else
            Report(failure);
    }

    internal void Report(HookFailure failure)
    {
        Interlocked.Increment(ref _failures);
        if (Failed is not { } failed)
        {
            Console.Error.WriteLine(failure);
            return;
        }
        try
        {
            failed(failure);
        }
        catch (Exception error)
        {
            Console.Error.WriteLine($"{failure}\nTelling of it failed: {error}");
        }
    }

    private sealed class Registration(PlatformHooks owner, Action<int> hook, string place, bool isBeforeWait) : IDisposable
    {
        private bool _hasFailed;

        internal bool IsBeforeWait => isBeforeWait;

        public void Dispose() => owner.Remove(this);

        internal void Call(int argument)
        {
            try
            {
                hook(argument);
            }
            catch (Exception error)
            {
                if (_hasFailed)
                {
                    Interlocked.Increment(ref owner._failures);
                    return;
                }
                _hasFailed = true;
                owner.ReportElsewhere(new HookFailure(place, error));
            }
        }
    }
}
