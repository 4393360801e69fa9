using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Xenolith;

/// <summary>
/// A thread that completes what is due, to the nanosecond of the monotonic clock as far as the kernel's timer goes. It waits on a word that is
/// changed when something is due earlier than what it waits for, so nothing is slept through.
/// </summary>
internal sealed unsafe partial class PreciseTimer
{
    private const int Monotonic = 1, AbsoluteTime = 1, Interrupted = 4;
    private const long FutexCall = 202, FutexWaitUntilPrivate = 9 | 128, FutexWakePrivate = 1 | 128;
    private const uint AnyBit = uint.MaxValue;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private static readonly Lazy<PreciseTimer> s_shared = new(() => new PreciseTimer());

    private readonly Lock _lock = new();
    private readonly PriorityQueue<TaskCompletionSource, long> _waiting = new();
    private readonly List<TaskCompletionSource> _due = []; // the thread's own
    private readonly int* _changes = (int*)NativeMemory.AllocZeroed(sizeof(int)); // for the process's life

    private PreciseTimer() => new Thread(Run) { IsBackground = true, Name = "Precise timer" }.Start();

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        internal long Seconds;
        internal long Nanoseconds;

        internal Timespec(long nanoseconds)
        {
            Seconds = nanoseconds / NanosecondsPerSecond;
            Nanoseconds = nanoseconds % NanosecondsPerSecond;
        }
    }

    internal static PreciseTimer Shared => s_shared.Value;

    /// <summary>The time, in nanoseconds of the monotonic clock, that lies a duration from now.</summary>
    internal static long After(TimeSpan duration)
    {
        long now = Now();
        return duration.Ticks > (long.MaxValue - now) / TimeSpan.NanosecondsPerTick ? long.MaxValue : now + (duration.Ticks * TimeSpan.NanosecondsPerTick);
    }

    /// <summary>Blocks the thread until a time.</summary>
    internal static void SleepUntil(long deadline)
    {
        Timespec time = new(deadline); // on this stack until the call returns
        int error;
        do
            error = ClockSleep(Monotonic, AbsoluteTime, &time, null);
        while (error == Interrupted); // the runtime signalled the thread
        if (error != 0)
            throw new Win32Exception(error);
    }

    /// <summary>Completes <paramref name="completion"/> at a time, unless it is completed before.</summary>
    internal void Add(TaskCompletionSource completion, long deadline)
    {
        lock (_lock)
        {
            bool isFirst = !_waiting.TryPeek(out _, out long first) || deadline < first;
            _waiting.Enqueue(completion, deadline);
            if (!isFirst)
                return;
            Volatile.Write(ref *_changes, *_changes + 1);
        }
        _ = Futex(FutexCall, _changes, FutexWakePrivate, 1, null, null, 0);
    }

    private static long Now()
    {
        Timespec time;
        _ = ClockRead(Monotonic, &time); // cannot fail for this clock
        return (time.Seconds * NanosecondsPerSecond) + time.Nanoseconds;
    }

    private void Run()
    {
        while (true)
        {
            int seen;
            long next;
            lock (_lock)
            {
                long now = Now();
                while (_waiting.TryPeek(out _, out next) && next <= now)
                    _due.Add(_waiting.Dequeue());
                if (_waiting.Count == 0)
                    next = long.MaxValue;
                seen = *_changes;
            }
            foreach (TaskCompletionSource completion in _due)
                completion.TrySetResult();
            if (_due.Count > 0)
            {
                _due.Clear(); // and look again: that took time
                continue;
            }
            Timespec until = new(next); // on this stack until the call returns
            // Whatever ends it, an earlier deadline, the time or a signal: the loop looks.
            _ = Futex(FutexCall, _changes, FutexWaitUntilPrivate, seen, next == long.MaxValue ? null : &until, null, AnyBit);
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime"), SuppressGCTransition]
    private static partial int ClockRead(int clock, Timespec* time);

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    private static partial int ClockSleep(int clock, int flags, Timespec* time, Timespec* left);

    // syscall(2) of futex(2): the C library has no other way to wait on a word until a time.
    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long Futex(long number, int* word, long operation, long value, Timespec* until, void* second, uint bits);
}
