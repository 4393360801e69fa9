using Xenolith.Abi;

namespace Xenolith.Tracing;

/// <summary>A ring that the libraries write, where the kernel does not trace. Any number of threads write; none waits for another.</summary>
/// <remarks>
/// The memory is a pinned array that this object holds: whoever writes holds this object, so a writer who is late writes into memory that is still
/// there.
/// </remarks>
internal sealed class LibraryTraceRing : TraceRing
{
    private readonly TraceRecord[] _memory;
    private TaskCompletionSource? _waiter;

    private unsafe LibraryTraceRing(TraceRecord[] memory, TraceState* state)
        : base(state) => _memory = memory;

    public static unsafe LibraryTraceRing Create(uint records)
    {
        // The state first, in the place of records of its own; pinned, so these addresses stay right as long as the array is held.
        int stateRecords = (sizeof(TraceState) + TraceRecord.Bytes - 1) / TraceRecord.Bytes;
        TraceRecord[] memory = GC.AllocateArray<TraceRecord>((int)records + stateRecords, pinned: true);
        TraceRecord* start = (TraceRecord*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0);
        TraceState* state = (TraceState*)start;
        state->Records = start + stateRecords;
        state->Mask = records - 1;
        state->Wake = TraceState.NoWake;
        for (uint i = 0; i < records; i++)
            state->Records[i].Sequence = i - records + 1; // as if of the ring before: 0 would be one who is at it
        return new LibraryTraceRing(memory, state);
    }

    public unsafe void Write(ulong time, ushort kind, uint count, uint thread, uint detail, ulong value)
    {
        ulong position = Interlocked.Increment(ref State->Head) - 1;
        TraceRecord* record = State->Records + (position & State->Mask);
        // The same as in the kernel (TraceWriter.cs): a place at which somebody is still, a whole ring behind, is left to him.
        if (Interlocked.Exchange(ref record->Sequence, 0) != 0 || (uint)(position - State->Mask) == 0)
        {
            record->Time = time;
            record->Kind = kind;
            record->Count = (ushort)Math.Min(count, TraceRecord.MaximumCount);
            record->Thread = thread;
            record->Detail = detail;
            record->Value = value;
            Volatile.Write(ref record->Sequence, (uint)position + 1);
        }

        ulong wake = Volatile.Read(ref State->Wake);
        if (position >= wake && Interlocked.CompareExchange(ref State->Wake, TraceState.NoWake, wake) == wake)
            Volatile.Read(ref _waiter)?.TrySetResult();
        GC.KeepAlive(_memory);
    }

    public override async ValueTask WaitAsync(ulong position, CancellationToken cancellationToken)
    {
        TaskCompletionSource waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _waiter, waiter);
        SetWake(position);
        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), waiter);
        if (!IsPast(position))
            await waiter.Task;
    }

    private unsafe void SetWake(ulong position)
    {
        Volatile.Write(ref State->Wake, position);
        Interlocked.MemoryBarrier(); // who writes the record from here on sees it; what was written before is seen in the head
    }

    private unsafe bool IsPast(ulong position) => Volatile.Read(ref State->Head) > position;
}
