using Xenolith.Lifecycle;

namespace Xenolith.Hooks;

/// <summary>How long hooks around a suspension may take, before it and after it. By the clock of the platform.</summary>
public sealed record SuspendHookOptions
{
    /// <summary>For one hook; then its token is cancelled. 5 seconds: enough to hand over what a peer waits for.</summary>
    public TimeSpan HookLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// For all before the suspension together, and once more for all after it; hooks that have not begun by then do not run, and that is reported. 20
    /// seconds: toolstacks give a domain that has acknowledged the request a minute to suspend.
    /// </summary>
    public TimeSpan TotalLimit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>For a hook to end after its token was cancelled, before it is left behind. 1 second: it has nothing to do but to clean up.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>
/// The hooks around each suspension. Who was registered later may build on who was registered earlier, so it stops first and starts last.
/// </summary>
internal sealed class SuspendHooks(TimeProvider time, Action<HookFailure> report)
{
    private readonly HookRunner _runner = new(time, report);
    private readonly Lock _lock = new();
    private readonly List<Hook> _hooks = [];

    internal SuspendHookOptions Options { get; set; } = new();

    internal IDisposable Add(Func<CancellationToken, ValueTask>? suspending, Func<SuspendOutcome, CancellationToken, ValueTask>? resumed, string? name)
    {
        Hook hook = new(this, suspending, resumed, name is null ? "" : $"{name}, ");
        lock (_lock)
            _hooks.Add(hook);
        return hook;
    }

    /// <summary>Runs the hooks that come before a suspension.</summary>
    internal async Task<Run> BeginAsync()
    {
        Hook[] hooks;
        lock (_lock)
            hooks = [.. _hooks];
        await RunAsync(hooks.Reverse().Select(hook => hook.ForSuspending()));
        return new Run(this, hooks);
    }

    private Task RunAsync(IEnumerable<HookCall?> calls)
    {
        SuspendHookOptions options = Options;
        return _runner.RunAsync(calls.OfType<HookCall>(), new HookLimits(options.HookLimit, options.TotalLimit, options.Grace));
    }

    /// <summary>One suspension.</summary>
    internal sealed class Run(SuspendHooks owner, IEnumerable<Hook> hooks)
    {
        /// <summary>Runs the hooks that come after it: those that had their turn before it.</summary>
        internal Task EndAsync(SuspendOutcome outcome) => owner.RunAsync(hooks.Select(hook => hook.ForResumed(outcome)));
    }

    internal sealed class Hook(
        SuspendHooks owner, Func<CancellationToken, ValueTask>? suspending, Func<SuspendOutcome, CancellationToken, ValueTask>? resumed, string prefix) : IDisposable
    {
        private volatile bool _isRemoved;

        internal HookCall? ForSuspending() => suspending is null || _isRemoved ? null : new HookCall(prefix + "before suspending", suspending);

        internal HookCall? ForResumed(SuspendOutcome outcome) =>
            resumed is null || _isRemoved ? null : new HookCall(prefix + "after resuming", timeUp => resumed(outcome, timeUp));

        public void Dispose()
        {
            _isRemoved = true;
            lock (owner._lock)
                owner._hooks.Remove(this);
        }
    }
}
