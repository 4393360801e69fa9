// The platform ABI: what the kernel counts of memory and scheduling. Called directly, on the caller's stack with interrupts on: these
// functions only read. Nothing of the kernel's changes under them, since no thread is switched inside the kernel, but for what a page fault
// on the caller's stack or structure would take. So the answer is put together in a local structure that was written to before, and
// copied at the end.
using System.Runtime;
using Xenolith.Abi;
using Xenolith.Kernel.Boot;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Platform;

internal static unsafe class StatisticsCalls
{
    [RuntimeExport("xl_memory_info")]
    private static int Memory(MemoryInfo* info)
    {
        if (!Hypervisor.IsPresent)
            return (int)-Errno.NoSystemCall;
        MemoryInfo now = default;
        ulong image = Asm.DataEnd - Asm.ImageStart;
        ulong ram = Frames.Ram;
        now.Total = ram;
        now.Maximum = StartInfo.Ram;
        now.Free = Frames.FreeCount << 12;
        now.Image = image;
        now.Program = Frames.Used(FrameUse.Program) << 12;
        now.Shared = Frames.Used(FrameUse.Shared) << 12;
        now.PageTables = Frames.Used(FrameUse.PageTables) << 12;
        now.Threads = Frames.Used(FrameUse.Threads) << 12;
        // With what never was the allocator's: its bitmaps, page zero, the start of ranges that are no whole pages.
        now.Kernel = (Frames.Used(FrameUse.Kernel) + Frames.Used(FrameUse.Files) << 12) + (ram - image - (Frames.Total << 12));
        now.Committed = Commit.Charged << 12;
        now.CommitLimit = Commit.Limit << 12;
        *info = now;
        return 0;
    }

    [RuntimeExport("xl_memory_blocks")]
    private static int Blocks(MemoryBlocks* blocks)
    {
        if (!Hypervisor.IsPresent)
            return (int)-Errno.NoSystemCall;
        MemoryBlocks now = default;
        Frames.CountFreeBlocks(now.Free);
        *blocks = now;
        return 0;
    }

    [RuntimeExport("xl_scheduler_info")]
    private static int Scheduling(SchedulerInfo* info)
    {
        if (!Hypervisor.IsPresent)
            return (int)-Errno.NoSystemCall;
        SchedulerInfo now = default;
        VcpuRunstateInfo states = default;
        // Xen keeps these times anyway, so that going idle costs nothing here.
        Hypercalls.Call(Abi.Hypercall.VcpuOp, VcpuOp.GetRunstateInfo, 0, (ulong)&states);
        now.Threads = (uint)ThreadTable.Count;
        now.Runnable = Scheduler.RunnableCount;
        now.Switches = Scheduler.Switches;
        now.Upcalls = EventChannels.Upcalls;
        now.TimerInterrupts = Timers.Interrupts;
        now.RunningTime = states.Time[Runstate.Running];
        now.StolenTime = states.Time[Runstate.Runnable];
        now.IdleTime = states.Time[Runstate.Blocked];
        now.OfflineTime = states.Time[Runstate.Offline];
        *info = now;
        return 0;
    }
}
