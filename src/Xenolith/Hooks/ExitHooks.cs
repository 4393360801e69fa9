namespace Xenolith.Hooks;

/// <summary>The hooks that run once, at the end of the program: last in, first out, each within its time.</summary>
internal sealed class ExitHooks(TimeProvider time, Action<HookFailure> report)
{
    private readonly HookRunner _runner = new(time, report);
    private readonly Lock _lock = new();
    private readonly LinkedList<Hook> _hooks = new(); // the next to run first
    private Task? _run;
    private bool _haveRun;

    internal ExitHookOptions Options { get; set; } = new();

    internal IDisposable Add(Func<CancellationToken, ValueTask> hook, string name)
    {
        lock (_lock)
        {
            if (_haveRun)
                throw new InvalidOperationException("The program has ended: its hooks have run.");
            Hook added = new(this, hook, name);
            added.Node = _hooks.AddFirst(added);
            return added;
        }
    }

    internal Task RunAsync()
    {
        TaskCompletionSource ended;
        lock (_lock)
        {
            if (_run is not null)
                return _run;
            ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _run = ended.Task;
        }
        _ = RunAllAsync(ended); // outside the lock: hooks register others
        return _run;
    }

    private async Task RunAllAsync(TaskCompletionSource ended)
    {
        ExitHookOptions options = Options;
        await _runner.RunAsync(TakeAll(), new HookLimits(options.HookLimit, options.TotalLimit, options.Grace));
        ended.SetResult();
    }

    private IEnumerable<HookCall> TakeAll()
    {
        while (Take() is { } hook)
            yield return new HookCall(hook.Name, hook.Call);
    }

    private Hook? Take()
    {
        lock (_lock)
        {
            Hook? hook = _hooks.First?.Value;
            if (hook is null)
                _haveRun = true;
            else
                hook.Remove();
            return hook;
        }
    }

    private sealed class Hook(ExitHooks owner, Func<CancellationToken, ValueTask> call, string name) : IDisposable
    {
        internal Func<CancellationToken, ValueTask> Call => call;

        internal string Name => name;

        internal LinkedListNode<Hook>? Node { get; set; }

        public void Dispose()
        {
            lock (owner._lock)
                Remove();
        }

        /// <summary>Under the lock.</summary>
        internal void Remove()
        {
            if (Node is not null)
                owner._hooks.Remove(Node);
            Node = null;
        }
    }
}
