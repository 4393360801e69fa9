// Clocks and sleeping. CLOCK_REALTIME and its kin are Xen's wall clock, two are the scheduler's account; all others are the monotonic clock.
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Linux;

internal static unsafe class TimeCalls
{
    private const ulong Realtime = 0, ProcessCpuTime = 2, ThreadCpuTime = 3, HighestClock = 11, RealtimeCoarse = 5, Tai = 11;
    private const ulong AbsoluteTime = 1;
    private const ulong TimespecSize = 16;

    /// <summary>clock_gettime(2).</summary>
    /// <kept>
    /// CLOCK_REALTIME, _COARSE and TAI are Xen's wall clock; the CPU-time clocks of process and thread; other numbers up to 11 are the monotonic
    /// clock.
    /// </kept>
    /// <refused>Dynamic clocks, also those of other threads' CPU time.</refused>
    /// <errors>EFAULT, EINVAL</errors>
    internal static long Get(ulong clock, ulong time)
    {
        if (clock > HighestClock)
            return -Errno.Invalid;
        if (!UserMemory.IsWritable(time, TimespecSize))
            return -Errno.Fault;
        WriteTime(time, clock switch
        {
            ProcessCpuTime => Scheduler.BusyTime(),
            ThreadCpuTime => Scheduler.RunTime(Thread.Current),
            _ => IsWall(clock) ? Clock.WallClock() : Clock.Now(),
        });
        return 0;
    }

    /// <summary>clock_getres(2).</summary>
    /// <kept>One nanosecond.</kept>
    /// <refused>Dynamic clocks.</refused>
    /// <errors>EFAULT, EINVAL</errors>
    internal static long Resolution(ulong clock, ulong time)
    {
        if (clock > HighestClock)
            return -Errno.Invalid;
        if (time == 0)
            return 0;
        if (!UserMemory.IsWritable(time, TimespecSize))
            return -Errno.Fault;
        WriteTime(time, 1);
        return 0;
    }

    /// <summary>gettimeofday(2).</summary>
    /// <kept>The time.</kept>
    /// <refused>The time zone is not written.</refused>
    /// <errors>EFAULT</errors>
    internal static long GetTimeOfDay(ulong time)
    {
        if (time == 0)
            return 0;
        if (!UserMemory.IsWritable(time, TimespecSize))
            return -Errno.Fault;
        ulong now = Clock.WallClock();
        ((ulong*)time)[0] = now / Clock.NanosecondsPerSecond;
        ((ulong*)time)[1] = now % Clock.NanosecondsPerSecond / 1000;
        return 0;
    }

    /// <summary>nanosleep(2).</summary>
    /// <kept>The time that is left, when a signal came.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EFAULT, EINTR, EINVAL</errors>
    internal static long Sleep(ulong time, ulong remaining)
    {
        long error = ReadTime(time, out ulong nanoseconds);
        return error != 0 ? error : SleepUntil(After(nanoseconds), remaining);
    }

    /// <summary>clock_nanosleep(2).</summary>
    /// <kept>TIMER_ABSTIME; the wall clock and the monotonic one.</kept>
    /// <refused>CPU-time clocks, which count as monotonic. Steps of the wall clock during a wait.</refused>
    /// <errors>EFAULT, EINTR, EINVAL</errors>
    internal static long SleepOnClock(ulong clock, ulong flags, ulong time, ulong remaining)
    {
        if (clock > HighestClock)
            return -Errno.Invalid;
        long error = ReadTime(time, out ulong nanoseconds);
        if (error != 0)
            return error;
        return (flags & AbsoluteTime) != 0
            ? SleepUntil(Monotonic(nanoseconds, IsWall(clock)), 0)
            : SleepUntil(After(nanoseconds), remaining);
    }

    /// <summary>Reads a timespec; a negative or unnormalised one is EINVAL.</summary>
    internal static long ReadTime(ulong address, out ulong nanoseconds)
    {
        nanoseconds = 0;
        if (!UserMemory.IsReadable(address, TimespecSize))
            return -Errno.Fault;
        ulong seconds = ((ulong*)address)[0], fraction = ((ulong*)address)[1];
        if ((long)seconds < 0 || fraction >= Clock.NanosecondsPerSecond)
            return -Errno.Invalid;
        // Xen reads times as signed.
        const ulong forever = (ulong)long.MaxValue / Clock.NanosecondsPerSecond;
        nanoseconds = seconds >= forever ? Timers.Never : seconds * Clock.NanosecondsPerSecond + fraction;
        return 0;
    }

    /// <summary>The deadline that lies a time from now, without wrapping.</summary>
    internal static ulong After(ulong nanoseconds)
    {
        ulong deadline = Clock.Now() + nanoseconds;
        return deadline < nanoseconds || deadline > long.MaxValue ? Timers.Never : deadline;
    }

    /// <summary>An absolute time on the program's clock as a deadline on the monotonic one.</summary>
    internal static ulong Monotonic(ulong nanoseconds, bool wall)
    {
        if (!wall || nanoseconds == Timers.Never)
            return nanoseconds;
        ulong offset = Clock.WallClock() - Clock.Now();
        return nanoseconds < offset ? 0 : nanoseconds - offset;
    }

    private static long SleepUntil(ulong deadline, ulong remaining)
    {
        if (remaining != 0 && !UserMemory.IsWritable(remaining, TimespecSize))
            return -Errno.Fault;
        if (deadline <= Clock.Now() || Scheduler.Block(null, deadline) != WakeReason.Signal)
            return 0;
        if (remaining != 0)
        {
            if (!UserMemory.IsWritable(remaining, TimespecSize))
                return -Errno.Fault; // it went during the wait
            ulong now = Clock.Now();
            WriteTime(remaining, deadline > now ? deadline - now : 0);
        }
        return -Errno.Interrupted;
    }

    /// <summary>
    /// Tells the program what is left until a deadline, as seconds and a fraction in units of so many nanoseconds. A time that cannot be written to
    /// stays as it is, as on Linux.
    /// </summary>
    internal static void WriteRemaining(ulong time, ulong deadline, ulong unit)
    {
        if (!UserMemory.IsWritable(time, TimespecSize) || deadline == Timers.Never)
            return;
        ulong now = Clock.Now();
        WriteTime(time, deadline > now ? deadline - now : 0);
        ((ulong*)time)[1] /= unit;
    }

    private static bool IsWall(ulong clock) => clock is Realtime or RealtimeCoarse or Tai;

    private static void WriteTime(ulong address, ulong nanoseconds)
    {
        ((ulong*)address)[0] = nanoseconds / Clock.NanosecondsPerSecond;
        ((ulong*)address)[1] = nanoseconds % Clock.NanosecondsPerSecond;
    }
}
