using Xenolith.Abi;

namespace Xenolith.Tracing;

/// <summary>A ring of records as its one reader sees it.</summary>
/// <remarks>
/// <code>
///     position   0 ... Head - size ......... p .......... Head - 1 | Head
///                overwritten |  ^ the oldest  ^ read next   written, or begun
/// </code>
/// A record is taken only if its sequence number is the right one before and after it was copied: one that is torn or overwritten meanwhile is never
/// shown. Memory: <see cref="State"/> and the records that it names stay until the place's <see cref="TraceOperations.Stop"/>, which the session
/// calls when nobody reads.
/// </remarks>
internal abstract unsafe class TraceRing(TraceState* state)
{
    /// <summary>Shared with those who write. Valid until the place's Stop.</summary>
    public TraceState* State { get; } = state;

    /// <summary>Records that the ring holds.</summary>
    public ulong Size => State->Mask + 1;

    /// <summary>Waits until the record at a position has been written; may return earlier.</summary>
    public abstract ValueTask WaitAsync(ulong position, CancellationToken cancellationToken);

    /// <summary>Copies the record at a position and goes on to the next, past those that are lost.</summary>
    /// <param name="position">Where to read, and afterwards the position behind what was read.</param>
    /// <param name="record">The record.</param>
    /// <param name="lost">How many were lost before it; also if there is none yet.</param>
    /// <returns>False if there is none (yet).</returns>
    public bool TryRead(ref ulong position, out TraceRecord record, out ulong lost)
    {
        lost = 0;
        while (true)
        {
            ulong head = Volatile.Read(ref State->Head);
            if (position == head)
                break;
            if (head - position > Size)
            {
                lost += head - Size - position;
                position = head - Size;
            }

            TraceRecord* place = State->Records + (position & State->Mask);
            uint expected = (uint)position + 1;
            uint before = Volatile.Read(ref place->Sequence);
            if (before == expected && expected != 0)
            {
                record = *place;
                Interlocked.MemoryBarrier(); // the copy is made before the number is looked at again
                if (Volatile.Read(ref place->Sequence) == expected)
                {
                    position++;
                    return true;
                }
            }
            else if (expected != 0 && (before == 0 || before == expected - (uint)Size) && Volatile.Read(ref State->Head) - position <= Size)
            {
                break; // its writer is not done, or has not begun
            }

            lost++;
            position++;
        }

        record = default;
        return false;
    }
}
