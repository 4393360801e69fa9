namespace Xenolith;

/// <summary>A semaphore that serves its waiters in the order in which they came.</summary>
/// <param name="count">How many may enter before the first <see cref="Release"/>.</param>
/// <inheritdoc cref="Signal" path="/remarks"/>
internal sealed class FairSemaphore(int count)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _waiters = new();
    private int _count = count;

    /// <summary>How many may enter at this moment.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Lets one more enter: the first who waits, if there is any.</summary>
    public void Release()
    {
        lock (_lock)
        {
            while (_waiters.First is { } first)
            {
                _waiters.Remove(first);
                if (first.Value.TrySetResult())
                    return;
                // It has given up at this very moment.
            }

            _count++;
        }
    }

    /// <summary>Enters, when it is the caller's turn.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LinkedListNode<TaskCompletionSource> waiter;
        lock (_lock)
        {
            if (_count > 0)
            {
                _count--;
                return;
            }

            waiter = _waiters.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        try
        {
            using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
                static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), waiter.Value);
            await waiter.Value.Task;
        }
        finally
        {
            lock (_lock)
                waiter.List?.Remove(waiter);
        }
    }
}
