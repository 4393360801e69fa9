// One record into a trace's ring, from any context: a thread, an upcall on its own stack in the middle of another record, one day another CPU.
using System.Threading;
using Xenolith.Abi;

namespace Xenolith.Kernel.Tracing;

internal static unsafe class TraceWriter
{
    /// <summary>Takes the next position and marks its record as being written. What was there is overwritten.</summary>
    internal static TraceRecord* Begin(TraceState* state, out ulong position)
    {
        position = (ulong)Interlocked.Add(ref *(long*)&state->Head, 1) - 1;
        TraceRecord* record = state->Records + (position & state->Mask);
        // x86 keeps stores in order, Volatile keeps the compiler from moving them: no reader sees a field of the new record with the old number.
        Volatile.Write(ref record->Sequence, 0);
        return record;
    }

    /// <summary>Shows the record to readers. True if one waits for it.</summary>
    internal static bool Finish(TraceState* state, TraceRecord* record, ulong position)
    {
        Volatile.Write(ref record->Sequence, (uint)position + 1);
        return position == Volatile.Read(ref state->Wake);
    }
}
