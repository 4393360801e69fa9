namespace Soak;

/// <summary>
/// One kind of work, on a thread of its own while it is started. What it checks and finds wrong is counted and, the first times, printed.
/// </summary>
internal abstract class Load(string name) : IDisposable
{
    private const int Shown = 20;

    private readonly ManualResetEventSlim _stop = new();
    private Thread? _thread;
    private long _operations;
    private long _failures;
    private int _rounds;

    /// <summary>What is at work.</summary>
    internal string Name { get; } = name;

    /// <summary>How often it has done its work.</summary>
    internal long Operations => Interlocked.Read(ref _operations);

    /// <summary>How often a check failed.</summary>
    internal long Failures => Interlocked.Read(ref _failures);

    /// <summary>Milliseconds between two pieces of work: 0 unless something outside the domain needs the processor too.</summary>
    internal int Breath { get; init; }

    /// <summary>What it has to say at the end.</summary>
    internal virtual string Remark => "";

    /// <summary>Set while it is to stop.</summary>
    protected bool IsStopping => _stop.IsSet;

    internal void Start()
    {
        _stop.Reset();
        Random random = new(_rounds++);
        _thread = new Thread(() => Run(random)) { Name = Name };
        _thread.Start();
    }

    /// <summary>Returns when the thread has ended.</summary>
    internal void Stop()
    {
        _stop.Set();
        if (!_thread!.Join(TimeSpan.FromMinutes(1)))
        {
            Check(false, "did not stop within a minute");
            _thread.Join();
        }
    }

    /// <summary>Checks, after all work has stopped, what must balance then.</summary>
    internal virtual void Rest()
    {
    }

    public void Dispose() => _stop.Dispose();

    /// <summary>Does the work once.</summary>
    protected abstract void Work(Random random);

    protected void Check(bool right, string what)
    {
        if (!right && Interlocked.Increment(ref _failures) <= Shown)
            Console.WriteLine($"FAILURE in {Name}: {what}");
    }

    /// <summary>Waits, but not beyond the stop.</summary>
    protected void Pause(int milliseconds) => _stop.Wait(milliseconds);

    private void Run(Random random)
    {
        while (!IsStopping)
        {
            try
            {
                Work(random);
            }
            catch (Exception exception)
            {
                Check(false, exception.ToString());
            }
            Interlocked.Increment(ref _operations);
            if (Breath > 0)
                Pause(Breath);
        }
    }
}
