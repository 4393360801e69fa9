// One record into a trace's ring, from any context: a thread, an upcall on its own stack in the middle of another record, one day another CPU.
using System.Threading;
using Xenolith.Abi;

namespace Xenolith.Kernel.Tracing;

internal static unsafe class TraceWriter
{
    /// <summary>
    /// Takes the next position and marks its record as being written. What was there is overwritten; unless somebody is at it still, a whole ring
    /// behind: then the place is his, the new record is lost, and the result null.
    /// </summary>
    internal static TraceRecord* Begin(TraceState* state, out ulong position)
    {
        position = (ulong)Interlocked.Add(ref *(long*)&state->Head, 1) - 1;
        TraceRecord* record = state->Records + (position & state->Mask);
        // A locked instruction: no reader sees a field of the new record with the old number.
        int before = Interlocked.Exchange(ref *(int*)&record->Sequence, 0);
        return before == 0 && position > state->Mask && (uint)(position - state->Mask) != 0 ? null : record;
    }

    /// <summary>
    /// Shows the record to readers, if it is not lost. True if one waits for it, or for one before it that was lost: then he is to be woken.
    /// </summary>
    internal static bool Finish(TraceState* state, TraceRecord* record, ulong position)
    {
        if (record != null)
            Volatile.Write(ref record->Sequence, (uint)position + 1);
        ulong wake = Volatile.Read(ref state->Wake);
        return position >= wake && (ulong)Interlocked.CompareExchange(ref *(long*)&state->Wake, unchecked((long)TraceState.NoWake), (long)wake) == wake;
    }
}
