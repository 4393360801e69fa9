// The trace of the domain. Without one, a tracepoint is a look at one word; docs/tracing.md has the figures.
//
// The ring lies in pages of the kernel's own, which stay until the trace is stopped. Programs write through a function in the kernel's text, inside
// of which no thread is switched (Cpu/Traps.S): so no writer is half-way when the ring is given back.
using System.Runtime;
using System.Runtime.CompilerServices;
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Time;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Tracing;

internal static unsafe class Trace
{
    private const ulong RecordsPerPage = Layout.PageSize / TraceRecord.Bytes;

    private static TraceState state;

    private static TraceState* State => (TraceState*)Unsafe.AsPointer(ref state);

    /// <summary>Whether something is to be recorded: a <see cref="TraceCategory"/> bit.</summary>
    internal static bool IsOn(uint category) => (state.Categories & category) != 0;

    /// <summary>Records something, after a look at <see cref="IsOn"/>. May run on an interrupt stack.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Write(ushort kind, uint detail, ulong value, uint count = 0)
    {
        TraceRecord* record = TraceWriter.Begin(State, out ulong position);
        if (record != null)
        {
            record->Time = Clock.Now();
            record->Kind = kind;
            record->Count = count < TraceRecord.MaximumCount ? (ushort)count : TraceRecord.MaximumCount;
            record->Thread = (uint)PerCpu.This->Current->Id;
            record->Detail = detail;
            record->Value = value;
        }
        if (TraceWriter.Finish(State, record, position))
            Hypercalls.Notify(state.WakePort);
    }

    /// <summary>A record of the program's or its runtime's; called directly, on the caller's stack with interrupts on.</summary>
    [RuntimeExport("xl_trace_write")]
    private static void WriteForProgram(uint kind, uint count, uint detail, ulong value)
    {
        if (IsOn(1u << (int)(kind >> 4)))
            Write((ushort)kind, detail, value, count);
    }

    /// <summary>Begins a trace. 0; EINVAL for the size of the ring; EBUSY if there is a trace; ENOMEM.</summary>
    internal static long Start(PlatformTraceStart* request)
    {
        uint records = request->Records;
        if (records is < PlatformTraceStart.MinimumRecords or > PlatformTraceStart.MaximumRecords || (records & records - 1) != 0)
            return -Errno.Invalid;
        if (state.Records != null)
            return -Errno.Busy;
        if (!MakeRing(records / RecordsPerPage))
            return -Errno.NoMemory;
        state.Records = (TraceRecord*)Layout.TraceRing;
        state.Mask = records - 1;
        state.Head = 0;
        state.Wake = TraceState.NoWake;
        state.Categories = request->Categories;
        request->State = State;
        return 0;
    }

    /// <summary>Ends the trace and gives the ring back. EINVAL if there is none.</summary>
    internal static long Stop()
    {
        if (state.Records == null)
            return -Errno.Invalid;
        state.Categories = 0;
        state.Records = null;
        FreeRing((state.Mask + 1) / RecordsPerPage);
        return 0;
    }

    /// <summary>After a resume: the port of before may be another's now.</summary>
    internal static void Resume() => state.Wake = TraceState.NoWake;

    private static bool MakeRing(ulong pages)
    {
        if (!Commit.TryCharge(pages))
            return false;
        for (ulong offset = 0; offset < pages * Layout.PageSize; offset += Layout.PageSize)
        {
            if (KernelPages.Add(Layout.TraceRing + offset))
                continue;
            FreeRing(pages);
            return false;
        }
        return true;
    }

    private static void FreeRing(ulong pages)
    {
        PageTables.Unmap(Layout.TraceRing, Layout.TraceRing + pages * Layout.PageSize, FrameUse.Kernel);
        Commit.Uncharge(pages);
    }
}
