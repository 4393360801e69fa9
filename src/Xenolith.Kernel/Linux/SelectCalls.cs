// Waiting for descriptors as sets of bits: select and pselect6. The sets stay as they are until the wait is over, so nothing is copied.
using System.Numerics;
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Linux;

internal static unsafe class SelectCalls
{
    private const int WordBits = 64;
    private const ulong WordSize = sizeof(ulong);
    private const uint Readable = Readiness.In | Readiness.HangUp | Readiness.Error | Readiness.Invalid;
    private const uint Writable = Readiness.Out | Readiness.Error | Readiness.Invalid;
    // Nothing here has urgent data. Who closes a descriptor that is waited for ends the wait in every set.
    private const uint Exceptional = Readiness.Invalid;

    /// <summary>What the program points to; an address of 0 is a set without members.</summary>
    private struct Sets
    {
        internal fixed ulong Address[3];
        internal int Count;

        internal readonly int Words => (Count + WordBits - 1) / WordBits;

        /// <summary>The members of a set among the descriptors of a word.</summary>
        internal readonly ulong Members(int set, int word)
        {
            if (Address[set] == 0)
                return 0;
            int beyond = (word + 1) * WordBits - Count;
            ulong all = beyond > 0 ? ulong.MaxValue >> beyond : ulong.MaxValue;
            return ((ulong*)Address[set])[word] & all;
        }
    }

    /// <summary>select(2). Its timeout is a timeval, whose microseconds may be more than a second.</summary>
    /// <kept>What was not waited of the time is written. Files and devices are always ready; nothing is ever exceptional.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EBADF, EFAULT, EINTR, EINVAL</errors>
    internal static long Select(ulong count, ulong read, ulong write, ulong exceptional, ulong time)
    {
        const ulong microsecond = 1000, microsecondsPerSecond = Clock.NanosecondsPerSecond / microsecond;
        if (time == 0)
            return Wait(count, read, write, exceptional, Timers.Never);
        if (!UserMemory.IsReadable(time, 2 * WordSize))
            return -Errno.Fault;
        long seconds = ((long*)time)[0], fraction = ((long*)time)[1];
        if (fraction < 0 || seconds < 0)
            return -Errno.Invalid;
        ulong deadline = (ulong)seconds + (ulong)fraction / microsecondsPerSecond >= (ulong)long.MaxValue / Clock.NanosecondsPerSecond
            ? Timers.Never
            : TimeCalls.After((ulong)seconds * Clock.NanosecondsPerSecond + (ulong)fraction * microsecond);
        long result = Wait(count, read, write, exceptional, deadline);
        TimeCalls.WriteRemaining(time, deadline, microsecond);
        return result;
    }

    /// <summary>pselect6(2): the same with a timespec, and a signal mask for the wait: a pointer to a pointer to it and its size.</summary>
    /// <kept>As select.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EBADF, EFAULT, EINTR, EINVAL</errors>
    internal static long SelectMasked(ulong count, ulong read, ulong write, ulong exceptional, ulong time, ulong masks)
    {
        ulong mask = 0, maskSize = 0, deadline = Timers.Never;
        if (masks != 0)
        {
            if (!UserMemory.IsReadable(masks, 2 * WordSize))
                return -Errno.Fault;
            mask = ((ulong*)masks)[0];
            maskSize = ((ulong*)masks)[1];
        }
        if (time != 0)
        {
            long error = TimeCalls.ReadTime(time, out ulong nanoseconds);
            if (error != 0)
                return error;
            deadline = TimeCalls.After(nanoseconds);
        }
        long problem = PollCalls.SetMask(mask, maskSize, out ulong previous);
        if (problem != 0)
            return problem;
        long result = PollCalls.RestoreMask(mask, previous, Wait(count, read, write, exceptional, deadline));
        if (time != 0)
            TimeCalls.WriteRemaining(time, deadline, 1);
        return result;
    }

    private static long Wait(ulong count, ulong read, ulong write, ulong exceptional, ulong deadline)
    {
        if ((int)count < 0)
            return -Errno.Invalid;
        Sets sets = default;
        sets.Count = (int)count < FileTable.Capacity ? (int)count : FileTable.Capacity;
        sets.Address[0] = read;
        sets.Address[1] = write;
        sets.Address[2] = exceptional;
        for (bool isFirst = true; ; isFirst = false)
        {
            // The memory may be gone after a wait, too.
            for (int set = 0; set < 3; set++)
                if (sets.Address[set] != 0 && !UserMemory.IsWritable(sets.Address[set], (ulong)sets.Words * WordSize))
                    return -Errno.Fault;
            if (isFirst && !AreOpen(&sets))
                return -Errno.BadFile;
            long ready = Collect(&sets, write: false);
            if (ready > 0 || deadline <= Clock.Now())
                return Collect(&sets, write: true);
            if (Scheduler.Block(Readiness.Watchers, deadline) == WakeReason.Signal)
                return -Errno.Interrupted;
        }
    }

    private static bool AreOpen(Sets* sets)
    {
        for (int word = 0; word < sets->Words; word++)
            for (ulong rest = sets->Members(0, word) | sets->Members(1, word) | sets->Members(2, word); rest != 0; rest &= rest - 1)
                if (FileTable.Get(Descriptor(word, rest)) == null)
                    return false;
        return true;
    }

    /// <summary>The number of members that are ready; if asked to, leaves only them in the sets.</summary>
    private static long Collect(Sets* sets, bool write)
    {
        long ready = 0;
        for (int word = 0; word < sets->Words; word++)
        {
            ulong wanted = sets->Members(0, word) | sets->Members(1, word) | sets->Members(2, word), first = 0, second = 0, third = 0;
            for (ulong rest = wanted; rest != 0; rest &= rest - 1)
            {
                OpenFile* file = FileTable.Get(Descriptor(word, rest));
                uint found = file == null ? Readiness.Invalid : Readiness.Of(file);
                ulong bit = rest & ~(rest - 1);
                first |= (found & Readable) != 0 ? bit : 0;
                second |= (found & Writable) != 0 ? bit : 0;
                third |= (found & Exceptional) != 0 ? bit : 0;
            }
            ready += Keep(sets, 0, word, first, write) + Keep(sets, 1, word, second, write) + Keep(sets, 2, word, third, write);
        }
        return ready;
    }

    private static int Keep(Sets* sets, int set, int word, ulong found, bool write)
    {
        ulong members = sets->Members(set, word) & found;
        if (write && sets->Address[set] != 0)
            ((ulong*)sets->Address[set])[word] = members;
        return BitOperations.PopCount(members);
    }

    /// <summary>The lowest of a word's members.</summary>
    private static ulong Descriptor(int word, ulong members) => (ulong)(word * WordBits + BitOperations.TrailingZeroCount(members));
}
