using System.Collections.Concurrent;

namespace Xenolith.Bed.Protocol;

/// <summary>
/// One side's view of the memory through which large pieces travel:
/// <code>
///   | slot 0 | ... | slot 7 | slot 8 | ... | slot 15 |
///     the host writes these    dom0 writes these
/// </code>
/// A slot belongs to its writer until a frame refers to it, and then to the reader until it releases it.
/// </summary>
internal abstract class Exchange
{
    /// <summary>Its size in bytes: the disk's, too.</summary>
    public const long Size = (long)SlotSize * SlotsEach * 2;

    /// <summary>Below this, a piece is not worth a slot.</summary>
    public const int Threshold = 16 * 1024;

    private const int SlotSize = Wire.MaxPayload;
    private const int SlotsEach = 8;

    private readonly ConcurrentStack<int> _free;

    protected Exchange(bool host) => _free = new(Enumerable.Range(host ? 0 : SlotsEach, SlotsEach));

    /// <summary>Puts bytes into a free slot of this side's.</summary>
    /// <returns>The slot, or null when none is free.</returns>
    public int? TryWrite(ReadOnlySpan<byte> bytes)
    {
        if (!_free.TryPop(out int slot))
            return null;
        Write((long)slot * SlotSize, bytes);
        return slot;
    }

    /// <summary>Takes back a slot of this side's that the other side has read.</summary>
    public void Release(int slot) => _free.Push(slot);

    /// <summary>Reads a slot that the other side has written.</summary>
    public void Read(int slot, Span<byte> bytes)
    {
        if ((uint)slot >= 2 * SlotsEach || bytes.Length > SlotSize)
            throw new InvalidDataException($"A frame refers to {bytes.Length} bytes in slot {slot}.");
        Read((long)slot * SlotSize, bytes);
    }

    /// <summary>Reads from a position.</summary>
    protected abstract void Read(long position, Span<byte> bytes);

    /// <summary>Writes at a position.</summary>
    protected abstract void Write(long position, ReadOnlySpan<byte> bytes);
}
