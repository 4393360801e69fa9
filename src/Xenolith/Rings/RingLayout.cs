using System.Numerics;
using System.Runtime.CompilerServices;
using Xenolith.Abi;
using Xenolith.Grants;

namespace Xenolith.Rings;

/// <summary>
/// A request/response ring in shared memory (<c>DEFINE_RING_TYPES</c> of io/ring.h): four indexes and a number of slots that is a power of two. A
/// slot holds a request until its response takes its place.
/// </summary>
/// <remarks>
/// <code>
///  byte  0  req_prod    requests made;   written by the front end
///        4  req_event   "notify me when req_prod passes this";  written by the back end
///        8  rsp_prod    responses made;  written by the back end
///       12  rsp_event   "notify me when rsp_prod passes this";  written by the front end
///       16  (private to the device's protocol, and padding)
///       64  slot 0, slot 1, ...          an index modulo the number of slots is a slot
/// </code>
/// <para>Indexes only grow, wrap at 2^32, and are compared by their difference.</para>
/// <para>
/// Order on x86: a processor makes its stores visible in their order and performs its loads in theirs, so publishing needs no instruction, only that
/// the compiler keep the order, which <see cref="Volatile"/> reads and writes promise: a slot is written before the index that announces it, and an
/// index is read before the slots that it announces. The one thing x86 does reorder is a store with a later load. Where a side stores its index and
/// then reads the other's wish to be notified (or stores its wish and then looks once more) there is a full fence; without it both sides could go to
/// sleep.
/// </para>
/// <para>
/// Everything here may be changed by the other domain at any moment. An index is read once and checked; a slot is copied once, and only the copy is
/// used.
/// </para>
/// </remarks>
internal readonly unsafe struct RingLayout
{
    internal const int HeaderSize = SharedRing.Ring;

    private readonly SharedMemory _memory;
    private readonly int _slotSize;

    internal RingLayout(SharedMemory memory, int slotSize)
    {
        if (!memory.CanWrite)
            throw new ArgumentException("A ring needs memory that can be written.", nameof(memory));
        _memory = memory;
        _slotSize = slotSize;
        Slots = SlotsIn(memory.Length, slotSize);
    }

    internal uint Slots { get; }

    /// <summary>The largest power of two that fits.</summary>
    internal static uint SlotsIn(int bytes, int slotSize)
    {
        int fit = (bytes - HeaderSize) / slotSize;
        return fit > 0
            ? 1u << BitOperations.Log2((uint)fit)
            : throw new ArgumentException($"A slot of {slotSize} bytes does not fit into a ring of {bytes}.");
    }

    /// <summary>Indexes as the front end of a new ring sets them: nothing made, and the first of either is worth a notification.</summary>
    internal void Initialize()
    {
        _memory.GetSpan()[..HeaderSize].Clear();
        RequestEventIndex = 1;
        ResponseEventIndex = 1;
    }

    internal uint RequestProducerIndex
    {
        get => Volatile.Read(ref Header.ReqProd);
        set => Volatile.Write(ref Header.ReqProd, value);
    }

    internal uint RequestEventIndex
    {
        get => Volatile.Read(ref Header.ReqEvent);
        set => Volatile.Write(ref Header.ReqEvent, value);
    }

    internal uint ResponseProducerIndex
    {
        get => Volatile.Read(ref Header.RspProd);
        set => Volatile.Write(ref Header.RspProd, value);
    }

    internal uint ResponseEventIndex
    {
        get => Volatile.Read(ref Header.RspEvent);
        set => Volatile.Write(ref Header.RspEvent, value);
    }

    /// <summary>A copy of what a slot holds at this moment.</summary>
    internal T ReadSlot<T>(uint index)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(ref Slot(index)[0]);

    internal void WriteSlot<T>(uint index, in T value)
        where T : unmanaged => Unsafe.WriteUnaligned(ref Slot(index)[0], value);

    private Span<byte> Slot(uint index) => _memory.GetSpan().Slice(HeaderSize + ((int)(index & (Slots - 1)) * _slotSize), _slotSize);

    // The memory is checked on each access (disposed of, stale); the header lies in its first page, which is aligned.
    private ref SharedRing Header => ref Unsafe.As<byte, SharedRing>(ref _memory.GetSpan()[..HeaderSize][0]);
}
