// Suspending the domain, to be saved, migrated or just checkpointed, and what a resume brings back.
//
//   SCHEDOP_shutdown(suspend) ---> 1, or an error: the same domain goes on, with its ports, grants and mappings
//                             ---> 0: the same memory and registers in a new domain, perhaps on another host
//
// The new domain has its special pages, its shared info page and its grant table as a new domain has them, other ports, and perhaps another number
// and another system time. All of it is done in one go, with interrupts off on the only virtual CPU: no thread sees anything in between.
using Xenolith.Kernel.Entropy;
using Xenolith.Kernel.Time;
using Xenolith.Kernel.Tracing;

namespace Xenolith.Kernel.Xen;

internal static class Suspension
{
    private const long Resumed = 0;

    /// <summary>xl_suspend: 0 after a resume; 1 if the domain goes on as it was; a negative errno if Xen refused.</summary>
    internal static long Suspend()
    {
        ConsoleRing.Suspend();
        Clock.Suspend();
        long result = Hypercalls.Suspend();
        if (result == Resumed)
            Resume();
        // It may have been long.
        Timers.Resume();
        return result;
    }

    private static void Resume()
    {
        Hypervisor.Resume();
        Clock.Resume();
        EventChannels.Resume();
        ConsoleRing.Resume();
        GrantTable.Resume();
        ForeignMappings.Resume();
        ExitCode.Resume();
        EntropyPool.Resume();
        ProgramEvents.Resume();
        Trace.Resume();
    }
}
