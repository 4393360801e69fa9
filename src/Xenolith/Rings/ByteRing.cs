using System.Runtime.CompilerServices;
using Xenolith.Grants;

namespace Xenolith.Rings;

/// <summary>Where one direction of a byte pipe lies in shared memory. All in bytes from the start of the memory.</summary>
/// <param name="Data">Start of the bytes.</param>
/// <param name="Size">Number of bytes; a power of two.</param>
/// <param name="Consumer">The reader's index: 32 bits, aligned.</param>
/// <param name="Producer">The writer's index: 32 bits, aligned.</param>
public readonly record struct ByteRingLayout(int Data, int Size, int Consumer, int Producer)
{
    internal void Check(SharedMemory memory)
    {
        if (Size <= 0 || (Size & (Size - 1)) != 0 || Data < 0 || Data > memory.Length - Size
            || !IsIndex(Consumer, memory.Length) || !IsIndex(Producer, memory.Length))
        {
            throw new ArgumentException($"A byte ring cannot lie so in {memory.Length} bytes: {this}.");
        }
    }

    private static bool IsIndex(int offset, int length) => offset >= 0 && offset % sizeof(uint) == 0 && offset <= length - sizeof(uint);
}

/// <summary>Puts bytes into one direction of a byte pipe, as xenstore's, the console's and vchan's rings are.</summary>
/// <remarks>
/// For one thread at a time. The order of accesses on x86 is told at <c>RingLayout</c>: bytes before the index that announces them. The other side's
/// index is checked on each use, and this side's own is never read back. A notification is a hypercall here, an interrupt and a round of its loop
/// there. <c>MustNotify</c> spares those that nobody waits for, if the other side looks at the ring once more before it waits: xenstored does,
/// xenconsoled does not.
/// </remarks>
public sealed class ByteRingWriter
{
    private readonly SharedMemory _memory;
    private readonly ByteRingLayout _layout;
    private uint _producer;

    /// <summary>
    /// Whether the other side may wait for what the last <see cref="Write"/> put in: it had read all that was there before. If not, it has yet to
    /// find the ring empty.
    /// </summary>
    public bool MustNotify { get; private set; }

    /// <summary>Goes on where the ring stands.</summary>
    public ByteRingWriter(SharedMemory memory, ByteRingLayout layout)
    {
        layout.Check(memory);
        _memory = memory;
        _layout = layout;
        _producer = Volatile.Read(ref ByteRing.Index(memory, layout.Producer));
    }

    /// <summary>Where the next byte goes.</summary>
    internal uint Position => _producer;

    /// <summary>Bytes that the other side has not read yet.</summary>
    /// <exception cref="RingProtocolException">The other side claims to have read what was never written.</exception>
    public int Unread
    {
        get
        {
            uint used = _producer - Volatile.Read(ref ByteRing.Index(_memory, _layout.Consumer));
            return used <= (uint)_layout.Size
                ? (int)used
                : throw new RingProtocolException($"The reader of a byte ring of {_layout.Size} is at an impossible place.");
        }
    }

    /// <summary>Puts as many bytes as there is room for, from the front, and shows them to the other side.</summary>
    /// <returns>How many; 0 if the ring is full. If it is more, the caller notifies the other side, or only if <see cref="MustNotify"/>.</returns>
    /// <exception cref="RingProtocolException">The other side claims to have read what was never written.</exception>
    public int Write(ReadOnlySpan<byte> source)
    {
        int count = Math.Min(source.Length, _layout.Size - Unread);
        MustNotify = false;
        if (count == 0)
            return 0;
        Span<byte> data = _memory.GetSpan().Slice(_layout.Data, _layout.Size);
        int start = (int)(_producer & (uint)(_layout.Size - 1)), first = Math.Min(count, _layout.Size - start);
        source[..first].CopyTo(data[start..]);
        source[first..count].CopyTo(data);
        uint before = _producer;
        _producer += (uint)count;
        Volatile.Write(ref ByteRing.Index(_memory, _layout.Producer), _producer);
        Interlocked.MemoryBarrier(); // visible before the look at how far the reader is, and before the caller looks for room once more
        MustNotify = Volatile.Read(ref ByteRing.Index(_memory, _layout.Consumer)) == before;
        return count;
    }
}

/// <summary>Takes bytes out of one direction of a byte pipe.</summary>
/// <inheritdoc cref="ByteRingWriter" path="/remarks"/>
public sealed class ByteRingReader
{
    private readonly SharedMemory _memory;
    private readonly ByteRingLayout _layout;
    private uint _consumer;

    /// <summary>
    /// Whether the other side may wait for the room that the last <see cref="Read"/> gave back: the ring was full. If not, nobody waits.
    /// </summary>
    public bool MustNotify { get; private set; }

    /// <summary>Goes on where the ring stands.</summary>
    public ByteRingReader(SharedMemory memory, ByteRingLayout layout)
    {
        layout.Check(memory);
        _memory = memory;
        _layout = layout;
        _consumer = Volatile.Read(ref ByteRing.Index(memory, layout.Consumer));
    }

    /// <summary>Copies bytes out and gives their room back.</summary>
    /// <returns>How many; 0 if there are none now. If it is more, the caller notifies the other side, or only if <see cref="MustNotify"/>.</returns>
    /// <exception cref="RingProtocolException">The other side claims to have written more than there is room for.</exception>
    public int Read(Span<byte> destination)
    {
        uint available = Volatile.Read(ref ByteRing.Index(_memory, _layout.Producer)) - _consumer;
        if (available > (uint)_layout.Size)
            throw new RingProtocolException($"The writer of a byte ring of {_layout.Size} is at an impossible place.");
        int count = (int)Math.Min((uint)destination.Length, available);
        MustNotify = false;
        if (count == 0)
            return 0;
        ReadOnlySpan<byte> data = _memory.GetSpan().Slice(_layout.Data, _layout.Size);
        int start = (int)(_consumer & (uint)(_layout.Size - 1)), first = Math.Min(count, _layout.Size - start);
        data.Slice(start, first).CopyTo(destination);
        data[..(count - first)].CopyTo(destination[first..]);
        uint before = _consumer;
        _consumer += (uint)count;
        Volatile.Write(ref ByteRing.Index(_memory, _layout.Consumer), _consumer); // after the copy: the room may be written at once
        Interlocked.MemoryBarrier(); // visible before the look at how far the writer is, and before the caller looks for bytes once more
        MustNotify = Volatile.Read(ref ByteRing.Index(_memory, _layout.Producer)) - before >= (uint)_layout.Size;
        return count;
    }
}

internal static class ByteRing
{
    /// <summary>An index in shared memory. The layout was checked; the memory is checked on each access.</summary>
    internal static ref uint Index(SharedMemory memory, int offset) => ref Unsafe.As<byte, uint>(ref memory.GetSpan()[offset]);
}
