using Xenolith.Abi;

namespace Xenolith.Tracing;

/// <summary>
/// A trace that is being taken: records what happens into a ring, from which it is read meanwhile or afterwards. What is not read in time is
/// overwritten, and counted.
/// </summary>
/// <remarks>Safe from any thread; one reads or waits at a time.</remarks>
public sealed class TraceSession : IDisposable
{
    private readonly XenPlatform _platform;
    private readonly DomainTracing _tracing;
    private readonly TraceOperations _operations;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly Queue<TraceRecord> _ready = new(); // what goes before the next record of the ring, and that record
    private readonly HashSet<uint> _toldNames = [], _toldThreads = [];
    private TraceRing? _ring;
    private ulong _position;
    private ulong _lost;
    private ulong _gap; // those of them that no record has told yet

    internal TraceSession(XenPlatform platform, DomainTracing tracing, TraceOperations operations, TraceRing ring, TraceCategories categories)
    {
        _platform = platform;
        _tracing = tracing;
        _operations = operations;
        _ring = ring;
        Categories = categories;
        RecordCount = (int)ring.Size;
    }

    /// <summary>What is recorded.</summary>
    public TraceCategories Categories { get; }

    /// <summary>Records that the ring holds.</summary>
    public int RecordCount { get; }

    /// <summary>False after <see cref="Stop"/>.</summary>
    public bool IsRecording => !_stopped.IsCancellationRequested;

    /// <summary>
    /// Records that were overwritten before they were read, as far as reading has come to the gaps. Each gap is also told by a record
    /// (<see cref="TraceKind.Lost"/>).
    /// </summary>
    public long Lost => (long)Volatile.Read(ref _lost);

    /// <summary>
    /// Takes records, oldest first, in the order in which they were begun; times of neighbours may be the other way round by as much as an interrupt
    /// took. Before the first record with a name, or of a thread that has one, come records that tell the name.
    /// </summary>
    /// <param name="records">Where to.</param>
    /// <returns>How many; 0: there are none yet, and after <see cref="Stop"/> none any more.</returns>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public int Read(Span<TraceRecord> records)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_ring is null, this);
            int count = 0;
            while (count < records.Length && (_ready.Count != 0 || TryReadNext()))
                records[count++] = _ready.Dequeue();
            return count;
        }
    }

    /// <summary>
    /// Waits until half of the ring is to be read, or the recording has stopped, without looking again and again: the record that fills that half
    /// sends an event.
    /// </summary>
    /// <param name="timeout">How long at most: what few events there are should perhaps be read too. By the platform's clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False if the time is over.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The session was disposed before the wait.</exception>
    public async ValueTask<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TraceRing ring;
        ulong last;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_ring is null, this);
            ring = _ring;
            last = _position + ring.Size / 2 - 1;
        }

        using CancellationTokenSource timer = new(timeout, _platform.TimeProvider);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, _stopped.Token, cancellationToken);
        while (true)
        {
            try
            {
                any.Token.ThrowIfCancellationRequested();
                await ring.WaitAsync(last, any.Token);
                return true;
            }
            catch (OperationCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                return _stopped.IsCancellationRequested;
            }
            catch (ObjectDisposedException) when (_stopped.IsCancellationRequested)
            {
                return true;
            }
            catch (StaleHandleException)
            {
                // The domain was resumed; the trace goes on, and the wait with another port.
            }
        }
    }

    /// <summary>Records no more. What was recorded can be read until the session is disposed. A second call does nothing.</summary>
    public unsafe void Stop()
    {
        lock (_lock)
        {
            if (_ring is null || _stopped.IsCancellationRequested)
                return;
            _tracing.StopListening();
            Volatile.Write(ref _ring.State->Categories, 0); // the ring's memory is there until Dispose
        }
        _stopped.Cancel();
    }

    /// <summary>Ends the trace and frees the ring. A second call does nothing.</summary>
    public void Dispose()
    {
        Stop();
        lock (_lock)
        {
            if (_ring is null)
                return;
            (_ring as IDisposable)?.Dispose();
            _ring = null;
            _operations.Stop();
        }
        _tracing.Forget(this);
    }

    /// <summary>Takes the next record off the ring, with what has to be told before it. Under the lock.</summary>
    private bool TryReadNext()
    {
        bool found = _ring!.TryRead(ref _position, out TraceRecord record, out ulong lost);
        _lost += lost;
        _gap += lost;
        if (!found)
            return false;
        if (_gap != 0)
        {
            _ready.Enqueue(new TraceRecord { Kind = TraceKind.Lost, Time = record.Time, Value = _gap });
            _gap = 0;
        }

        TellThread(record.Thread);
        if (record.Kind is TraceKind.ThreadSwitch or TraceKind.ThreadStart)
            TellThread(record.Detail);
        if (record.Kind >> 4 == TraceKind.UserBegin >> 4 && _toldNames.Add(record.Detail) && _tracing.FindName(record.Detail) is { } name)
            TraceName.Describe(TraceKind.Name, record.Detail, 0, name.Text, _ready);
        _ready.Enqueue(record);
        return true;
    }

    private void TellThread(uint thread)
    {
        if (thread != 0 && _toldThreads.Add(thread) && _operations.GetThreadName(thread) is { } name)
            TraceName.Describe(TraceKind.ThreadName, thread, thread, name, _ready);
    }
}
