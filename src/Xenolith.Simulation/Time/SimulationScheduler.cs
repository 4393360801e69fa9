namespace Xenolith.Simulation;

/// <summary>
/// Runs all code of a simulation on one thread, one continuation at a time. Which of those that are ready comes next is drawn from the seed, so
/// every run explores one possible order and the same seed gives the same run.
/// </summary>
/// <remarks>
/// Code under test must stay in the captured context, as the libraries of Xenolith do. What goes to the thread pool instead is out of order and not
/// waited for: <c>ConfigureAwait(false)</c>, <c>Task.Run</c>, <c>CancelAsync</c>, and <c>Task.WhenAll</c> or <c>Task.WaitAsync</c> on the task of a
/// <see cref="TaskCompletionSource"/> that runs its continuations asynchronously (an async method around that task keeps it in).
/// </remarks>
internal sealed class SimulationScheduler : SynchronizationContext
{
    private readonly Lock _lock = new();
    private readonly List<(SendOrPostCallback Callback, object? State)> _ready = [];
    private readonly Random _random;
    private readonly VirtualTime _time;
    private bool _running;

    internal SimulationScheduler(int seed, VirtualTime time)
    {
        _random = new Random(seed);
        _time = time;
    }

    /// <summary>Continuations that have run: with the seed, the identity of a moment.</summary>
    internal long Steps { get; private set; }

    /// <summary>Called before each of them, with its number.</summary>
    internal Action<long>? BeforeStep { get; set; }

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_lock)
        {
            if (_running)
            {
                _ready.Add((d, state));
                return;
            }
        }
        ThreadPool.UnsafeQueueUserWorkItem(static work => work.d(work.state), (d, state), preferLocal: false);
    }

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    public override SynchronizationContext CreateCopy() => this;

    internal void Run(Func<Task> program, TimeSpan limit)
    {
        lock (_lock)
        {
            if (_running)
                throw new InvalidOperationException("The simulation is running already.");
            _running = true;
        }
        SynchronizationContext? previous = Current;
        SetSynchronizationContext(this);
        try
        {
            TimeSpan end = _time.Elapsed + limit;
            Task task = program();
            while (!task.IsCompleted)
            {
                if (TryRunOne())
                    continue;
                if (!_time.TryAdvanceToNextTimer())
                    throw new SimulationException($"Everything waits, and no timer is set: a deadlock at {_time.Elapsed}, after {Steps} steps.");
                if (_time.Elapsed > end)
                    throw new SimulationException($"The program has not ended within {limit} of simulated time.");
            }
            while (TryRunOne())
            {
            }
            task.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(previous);
            lock (_lock)
            {
                _running = false;
                _ready.Clear();
            }
        }
    }

    private bool TryRunOne()
    {
        (SendOrPostCallback Callback, object? State) chosen;
        lock (_lock)
        {
            if (_ready.Count == 0)
                return false;
            int index = _random.Next(_ready.Count);
            chosen = _ready[index];
            _ready[index] = _ready[^1];
            _ready.RemoveAt(_ready.Count - 1);
        }
        BeforeStep?.Invoke(Steps);
        Steps++;
        chosen.Callback(chosen.State);
        return true;
    }
}
