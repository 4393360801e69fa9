// Waiting for descriptors: poll and epoll. Pipes and the console can be waited for; everything else is always ready.
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Linux;

internal static unsafe class PollCalls
{
    private const ulong CloseOnExec = 0x80000;
    private const int Add = 1, Delete = 2, Modify = 3;
    private const ulong PollFdSize = 8, MaskSize = 8;
    private const int MaximumEvents = int.MaxValue / PollEvent.Size;

    /// <summary>poll(2). Its timeout is in milliseconds, below zero none.</summary>
    /// <kept>A descriptor below zero is passed over, one that is not open is POLLNVAL. Files and devices are always ready.</kept>
    /// <refused>More than 65536 entries.</refused>
    /// <errors>EFAULT, EINTR, EINVAL</errors>
    internal static long Poll(ulong files, ulong count, long milliseconds) => Poll(files, count, Deadline(milliseconds));

    /// <summary>ppoll(2): the same with a timespec, and a signal mask for the wait.</summary>
    /// <kept>As poll. What was not waited of the time is written.</kept>
    /// <refused>As poll.</refused>
    /// <errors>EFAULT, EINTR, EINVAL</errors>
    internal static long PollMasked(ulong files, ulong count, ulong time, ulong mask, ulong maskSize)
    {
        ulong deadline = Timers.Never;
        if (time != 0)
        {
            long error = TimeCalls.ReadTime(time, out ulong nanoseconds);
            if (error != 0)
                return error;
            deadline = TimeCalls.After(nanoseconds);
        }
        long problem = SetMask(mask, maskSize, out ulong previous);
        if (problem != 0)
            return problem;
        long result = RestoreMask(mask, previous, Poll(files, count, deadline));
        if (time != 0)
            TimeCalls.WriteRemaining(time, deadline, 1);
        return result;
    }

    /// <summary>epoll_create(2): the size is a hint that has to be positive.</summary>
    /// <kept>As epoll_create1.</kept>
    /// <refused>As epoll_create1.</refused>
    /// <errors>EINVAL, EMFILE, ENOMEM</errors>
    internal static long Create(ulong size) => (int)size <= 0 ? -Errno.Invalid : CreateWithFlags(0);

    /// <summary>epoll_create1(2).</summary>
    /// <kept>EPOLL_CLOEXEC.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EINVAL, EMFILE, ENOMEM</errors>
    internal static long CreateWithFlags(ulong flags)
    {
        if ((flags & ~CloseOnExec) != 0)
            return -Errno.Invalid;
        EventPoll* poll = EventPoll.Create();
        if (poll == null)
            return -Errno.NoMemory;
        OpenFile* file = OpenFile.Create(FileKind.EventPoll, 0);
        if (file == null)
        {
            EventPoll.Free(poll);
            return -Errno.NoMemory;
        }
        file->PollSet = poll;
        return FileTable.Add(file, 0, (flags & CloseOnExec) != 0);
    }

    /// <summary>epoll_ctl(2).</summary>
    /// <kept>Level- and edge-triggered, EPOLLONESHOT. Files and devices that are always ready are EPERM, as on Linux.</kept>
    /// <refused>An instance inside another. EPOLLEXCLUSIVE and EPOLLWAKEUP have no effect.</refused>
    /// <errors>EBADF, EEXIST, EFAULT, EINVAL, ENOENT, ENOMEM, EPERM</errors>
    internal static long Control(ulong instance, ulong operation, ulong descriptor, ulong address)
    {
        OpenFile* poll = FileTable.Get(instance), file = FileTable.Get(descriptor);
        if (poll == null || file == null)
            return -Errno.BadFile;
        if (poll->Kind != FileKind.EventPoll || file->Kind == FileKind.EventPoll)
            return -Errno.Invalid;
        if (!Readiness.CanBeWatched(file))
            return -Errno.NotPermitted;
        if (operation == Delete)
            return EventPoll.Delete(poll->PollSet, descriptor, file);
        if (operation is not (Add or Modify))
            return -Errno.Invalid;
        if (!UserMemory.IsReadable(address, PollEvent.Size))
            return -Errno.Fault;
        PollEvent wanted = PollEvent.Read(address);
        return operation == Add ? EventPoll.Add(poll->PollSet, descriptor, file, wanted) : EventPoll.Modify(poll->PollSet, descriptor, file, wanted);
    }

    /// <summary>epoll_wait(2).</summary>
    /// <kept>At most 65536 events a call.</kept>
    /// <refused>Memory for all events that are asked for must be there.</refused>
    /// <errors>EBADF, EFAULT, EINTR, EINVAL</errors>
    internal static long Wait(ulong instance, ulong events, ulong limit, long milliseconds)
    {
        if ((int)limit is <= 0 or > MaximumEvents)
            return -Errno.Invalid;
        int count = (int)limit < FileTable.Capacity ? (int)limit : FileTable.Capacity;
        if (!UserMemory.IsWritable(events, (ulong)count * PollEvent.Size))
            return -Errno.Fault;
        ulong deadline = Deadline(milliseconds);
        for (; ; )
        {
            // Looked up again each time: another thread may have closed it meanwhile.
            OpenFile* poll = FileTable.Get(instance);
            if (poll == null)
                return -Errno.BadFile;
            if (poll->Kind != FileKind.EventPoll)
                return -Errno.Invalid;
            // The memory may be gone after a wait, too.
            if (!UserMemory.IsWritable(events, (ulong)count * PollEvent.Size))
                return -Errno.Fault;
            int ready = EventPoll.Collect(poll->PollSet, events, count);
            if (ready > 0 || deadline <= Clock.Now())
                return ready;
            if (Scheduler.Block(Readiness.Watchers, deadline) == WakeReason.Signal)
                return -Errno.Interrupted;
        }
    }

    /// <summary>epoll_pwait(2).</summary>
    /// <kept>As epoll_wait, with a signal mask for the wait.</kept>
    /// <refused>As epoll_wait.</refused>
    /// <errors>EBADF, EFAULT, EINTR, EINVAL</errors>
    internal static long WaitMasked(ulong instance, ulong events, ulong limit, long milliseconds, ulong mask, ulong maskSize)
    {
        long problem = SetMask(mask, maskSize, out ulong previous);
        return problem != 0 ? problem : RestoreMask(mask, previous, Wait(instance, events, limit, milliseconds));
    }

    private static long Poll(ulong files, ulong count, ulong deadline)
    {
        if (count > FileTable.Capacity)
            return -Errno.Invalid;
        for (; ; )
        {
            if (!UserMemory.IsWritable(files, count * PollFdSize))
                return -Errno.Fault;
            long ready = 0;
            for (ulong i = 0; i < count; i++)
            {
                int descriptor = *(int*)(files + i * PollFdSize);
                ushort* wanted = (ushort*)(files + i * PollFdSize + sizeof(int));
                OpenFile* file = descriptor < 0 ? null : FileTable.Get((ulong)descriptor);
                uint found = file != null ? Readiness.Of(file) & (*wanted | Readiness.Error | Readiness.HangUp) : descriptor < 0 ? 0 : Readiness.Invalid;
                wanted[1] = (ushort)found;
                if (found != 0)
                    ready++;
            }
            if (ready > 0 || deadline <= Clock.Now())
                return ready;
            if (Scheduler.Block(Readiness.Watchers, deadline) == WakeReason.Signal)
                return -Errno.Interrupted;
        }
    }

    /// <summary>A timeout is an int in the caller's eyes; the upper half of its register means nothing.</summary>
    private static ulong Deadline(long milliseconds) => (int)milliseconds < 0 ? Timers.Never : TimeCalls.After((ulong)(int)milliseconds * 1_000_000);

    /// <summary>The signal mask for the time of a wait, if there is one.</summary>
    internal static long SetMask(ulong mask, ulong size, out ulong previous)
    {
        Thread* thread = Thread.Current;
        previous = thread->BlockedSignals;
        if (mask == 0)
            return 0;
        if (size != MaskSize)
            return -Errno.Invalid;
        if (!UserMemory.IsReadable(mask, MaskSize))
            return -Errno.Fault;
        Signals.SetMask(thread, *(ulong*)mask);
        return 0;
    }

    /// <summary>Takes the mask back: at once, or, if a signal ended the wait, when its handler returns.</summary>
    internal static long RestoreMask(ulong mask, ulong previous, long result)
    {
        if (mask == 0)
            return result;
        Thread* thread = Thread.Current;
        if (result == -Errno.Interrupted)
        {
            thread->SavedMask = previous;
            thread->RestoreMask = true;
        }
        else
            Signals.SetMask(thread, previous);
        return result;
    }
}
