namespace Xenolith;

/// <summary>Something that happens once, or fails, and that any number of callers wait for, each of whom may give up.</summary>
/// <remarks>
/// Safe from any thread, and to be set with locks held: a waiter goes on later, in the context from which it waited (<c>Task.WaitAsync</c> with a
/// token would go on from the thread pool, out of a simulation's order).
/// </remarks>
internal sealed class Signal
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _waiters = new();
    private bool _isSet;
    private Exception? _error;

    /// <summary>True when it has happened; false when it has failed, or not happened yet.</summary>
    public bool HasHappened
    {
        get
        {
            lock (_lock)
                return _isSet && _error is null;
        }
    }

    /// <summary>It has happened, or never will because of an exception. Only the first call counts.</summary>
    public void Set(Exception? error = null)
    {
        lock (_lock)
        {
            if (_isSet)
                return;
            _isSet = true;
            _error = error;
            foreach (TaskCompletionSource waiter in _waiters)
                waiter.TrySetResult();
            _waiters.Clear();
        }
    }

    /// <summary>Waits until it has happened.</summary>
    /// <remarks>Throws the exception that it was set with.</remarks>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        LinkedListNode<TaskCompletionSource> waiter = new(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_lock)
        {
            if (!_isSet)
                _waiters.AddLast(waiter);
            else
                waiter.Value.SetResult();
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

        if (_error is not null)
            throw _error;
    }
}
