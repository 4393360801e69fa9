using Xenolith.Abi;

namespace Xenolith;

/// <summary>What the kernel's scheduler did since the start. The times add up to the time since the domain was created.</summary>
/// <param name="Threads">Threads that there are, the runtime's own among them.</param>
/// <param name="Runnable">Threads that could run and wait for the CPU.</param>
/// <param name="Switches">Switches from one thread to another.</param>
/// <param name="Upcalls">Times that Xen interrupted the domain with events.</param>
/// <param name="TimerInterrupts">Times that the timer fired; it fires for a deadline, or for the end of a thread's turn.</param>
/// <param name="Running">Time on a physical CPU.</param>
/// <param name="Stolen">Time in which there was work, but Xen ran other domains.</param>
/// <param name="Idle">Time without work.</param>
/// <param name="Offline">Time in which the domain was paused.</param>
public readonly record struct SchedulerStatistics(
    int Threads, int Runnable, long Switches, long Upcalls, long TimerInterrupts, TimeSpan Running, TimeSpan Stolen, TimeSpan Idle, TimeSpan Offline)
{
    internal static SchedulerStatistics Of(in SchedulerInfo info) => new(
        (int)info.Threads, (int)info.Runnable, (long)info.Switches, (long)info.Upcalls, (long)info.TimerInterrupts,
        Time(info.RunningTime), Time(info.StolenTime), Time(info.IdleTime), Time(info.OfflineTime));

    private static TimeSpan Time(ulong nanoseconds) => new((long)(nanoseconds / TimeSpan.NanosecondsPerTick));
}
