namespace Xenolith;

/// <summary>
/// Waiting for less than a millisecond, or to a part of one. <see cref="Task.Delay(TimeSpan)"/>, <see cref="Thread.Sleep(TimeSpan)"/> and timers
/// count whole milliseconds and drop the rest; these wait to the resolution of <see cref="TimeSpan"/>, 100 ns.
/// </summary>
/// <remarks>
/// A wait never ends early by <see cref="System.Diagnostics.Stopwatch"/>. It ends late by what it takes to be run again: Xen rounds the timer up by
/// as much as 50 us unless its <c>timer_slop</c> says otherwise, and other threads may have their turn. Real time only, also beside a simulation.
/// Safe from any thread. Linux processes and unikernels.
/// </remarks>
public static class PreciseDelay
{
    // What the timers of .NET may be late or early by, and some more: the rest of a wait is left to the precise timer.
    private static readonly TimeSpan s_coarse = TimeSpan.FromMilliseconds(2);

    /// <summary>Blocks the thread.</summary>
    /// <param name="duration">How long; 0 or less returns at once.</param>
    public static void Wait(TimeSpan duration)
    {
        if (duration > TimeSpan.Zero)
            PreciseTimer.SleepUntil(PreciseTimer.After(duration));
    }

    /// <summary>Waits without a thread of its own.</summary>
    /// <param name="duration">How long, at most 49 days as for every timer of .NET; 0 or less completes at once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ArgumentOutOfRangeException">That is too long.</exception>
    public static async Task WaitAsync(TimeSpan duration, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (duration <= TimeSpan.Zero)
            return;
        long deadline = PreciseTimer.After(duration);
        if (duration > 2 * s_coarse)
            await Task.Delay(duration - s_coarse, cancellationToken);
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), reached);
        PreciseTimer.Shared.Add(reached, deadline);
        await reached.Task;
    }
}
