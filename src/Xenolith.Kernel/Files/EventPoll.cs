// An epoll instance: the files that a program watches, and which of them have something to tell.
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Files;

/// <summary>struct epoll_event of Linux on x86-64: 12 bytes, packed.</summary>
internal unsafe struct PollEvent
{
    internal const int Size = 12;

    internal uint Events;
    internal ulong Data;

    internal static PollEvent Read(ulong address) => new() { Events = *(uint*)address, Data = *(ulong*)(address + sizeof(uint)) };

    internal readonly void Write(ulong address)
    {
        *(uint*)address = Events;
        *(ulong*)(address + sizeof(uint)) = Data;
    }
}

internal unsafe struct EventPoll
{
    private const uint EdgeTriggered = 1u << 31, OneShot = 1u << 30;
    private const uint Reportable = 0xFFFF;

    /// <summary>One watched descriptor. A descriptor's number and its file together are the key, as in Linux.</summary>
    private struct Interest
    {
        internal Interest* Next;
        internal OpenFile* File;
        internal ulong Descriptor;
        internal PollEvent Event;
        /// <summary>The file's changes when it was last reported, plus one; 0 if it never was.</summary>
        internal ulong Reported;
        internal bool Disabled;
    }

    private Interest* first;
    private EventPoll* next;

    private static ObjectPool pool, interests;
    private static ulong instances;

    private static EventPoll* First
    {
        get => (EventPoll*)instances;
        set => instances = (ulong)value;
    }

    internal static EventPoll* Create()
    {
        EventPoll* poll = (EventPoll*)pool.Take((uint)sizeof(EventPoll));
        if (poll == null)
            return null;
        *poll = default;
        poll->next = First;
        First = poll;
        return poll;
    }

    internal static void Free(EventPoll* poll)
    {
        while (poll->first != null)
            Remove(&poll->first);
        if (First == poll)
            First = poll->next;
        for (EventPoll* other = First; other != null; other = other->next)
            if (other->next == poll)
                other->next = poll->next;
        pool.Return(poll);
    }

    /// <summary>A file has been closed: nobody watches it any more.</summary>
    internal static void Forget(OpenFile* file)
    {
        for (EventPoll* poll = First; poll != null; poll = poll->next)
        {
            Interest** at = &poll->first;
            while (*at != null)
            {
                if ((*at)->File == file)
                    Remove(at);
                else
                    at = &(*at)->Next;
            }
        }
    }

    internal static long Add(EventPoll* poll, ulong descriptor, OpenFile* file, PollEvent wanted)
    {
        if (*Find(poll, descriptor, file) != null)
            return -Errno.Exists;
        Interest* interest = (Interest*)interests.Take((uint)sizeof(Interest));
        if (interest == null)
            return -Errno.NoMemory;
        *interest = default;
        interest->File = file;
        interest->Descriptor = descriptor;
        interest->Event = wanted;
        interest->Next = poll->first;
        poll->first = interest;
        Readiness.Changed();
        return 0;
    }

    internal static long Modify(EventPoll* poll, ulong descriptor, OpenFile* file, PollEvent wanted)
    {
        Interest* interest = *Find(poll, descriptor, file);
        if (interest == null)
            return -Errno.NoEntry;
        interest->Event = wanted;
        interest->Reported = 0;
        interest->Disabled = false;
        Readiness.Changed();
        return 0;
    }

    internal static long Delete(EventPoll* poll, ulong descriptor, OpenFile* file)
    {
        Interest** at = Find(poll, descriptor, file);
        if (*at == null)
            return -Errno.NoEntry;
        Remove(at);
        return 0;
    }

    internal static bool HasReady(EventPoll* poll)
    {
        for (Interest* interest = poll->first; interest != null; interest = interest->Next)
            if (ToReport(interest) != 0)
                return true;
        return false;
    }

    /// <summary>Writes what is ready to the program's array, which has been checked; returns how many entries.</summary>
    internal static int Collect(EventPoll* poll, ulong events, int limit)
    {
        int count = 0;
        for (Interest* interest = poll->first; interest != null && count < limit; interest = interest->Next)
        {
            uint ready = ToReport(interest);
            if (ready == 0)
                continue;
            new PollEvent { Events = ready, Data = interest->Event.Data }.Write(events + (ulong)count * PollEvent.Size);
            interest->Reported = Readiness.ChangesOf(interest->File) + 1;
            interest->Disabled = (interest->Event.Events & OneShot) != 0;
            count++;
        }
        return count;
    }

    private static uint ToReport(Interest* interest)
    {
        if (interest->Disabled)
            return 0;
        uint ready = Readiness.Of(interest->File) & (interest->Event.Events & Reportable | Readiness.Error | Readiness.HangUp);
        bool old = (interest->Event.Events & EdgeTriggered) != 0 && interest->Reported == Readiness.ChangesOf(interest->File) + 1;
        return old ? 0 : ready;
    }

    private static Interest** Find(EventPoll* poll, ulong descriptor, OpenFile* file)
    {
        Interest** at = &poll->first;
        while (*at != null && ((*at)->Descriptor != descriptor || (*at)->File != file))
            at = &(*at)->Next;
        return at;
    }

    private static void Remove(Interest** at)
    {
        Interest* interest = *at;
        *at = interest->Next;
        interests.Return(interest);
    }
}
