// What an open file is ready for, as poll(2) and epoll(7) tell it, and who waits for that to change.
using System.Runtime.CompilerServices;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Files;

internal static unsafe class Readiness
{
    /// <summary>Bits of poll(2); those of epoll_ctl(2) have the same values.</summary>
    internal const uint In = 1, Out = 4, Error = 8, HangUp = 0x10, Invalid = 0x20;

    private static WaitQueue watchers;

    /// <summary>Threads that poll, whatever for: each looks again when anything changes.</summary>
    internal static WaitQueue* Watchers => (WaitQueue*)Unsafe.AsPointer(ref watchers);

    /// <summary>A pipe or the console has been read, written or closed. May run on an IST stack.</summary>
    internal static void Changed() => Scheduler.WakeAll(Watchers);

    internal static uint Of(OpenFile* file) => file->Kind switch
    {
        FileKind.Console => ConsoleRing.HasInput ? In | Out : Out,
        FileKind.PipeReader or FileKind.PipeWriter => PipeBuffer.ReadyFor(file->Pipe, file->Kind),
        FileKind.EventPoll => EventPoll.HasReady(file->PollSet) ? In : 0,
        FileKind.Watcher => file->Watcher->First != null || file->Watcher->HasLost ? In : 0,
        _ => In | Out,
    };

    /// <summary>Grows with every change, so that an edge can be told from a level.</summary>
    internal static ulong ChangesOf(OpenFile* file) => file->Kind switch
    {
        FileKind.Console => ConsoleRing.Arrivals,
        FileKind.PipeReader or FileKind.PipeWriter => PipeBuffer.ChangesOf(file->Pipe),
        FileKind.Watcher => file->Watcher->Arrivals,
        _ => 0,
    };

    /// <summary>False for what is always ready, which epoll(7) refuses to watch.</summary>
    internal static bool CanBeWatched(OpenFile* file) => file->Kind is FileKind.Console or FileKind.PipeReader or FileKind.PipeWriter or FileKind.Watcher;
}
