// One direction of a byte ring that this domain shares with another (Xen: io/console.h, io/xs_wire.h).
//
//   The indexes run freely modulo 2^32; byte i lies at i mod size. consumer <= producer <= consumer + size, as differences.
//
//        consumer                producer
//   -----[########################)--------------------      # = pending
//
// The other side can write anything into the page at any time. So an operation reads each index once, checks the difference and works
// with its copies; every access is masked into the ring. A difference greater than the size means a broken peer, which is a result (-1):
// nothing is transferred from then on. Bytes are copied out before anyone looks at them.
using System;
using System.Threading;

namespace Xenolith.Kernel.Xen;

/// <summary>Keeps no state of its own, so any number of instances may be made over one ring. Not thread-safe.</summary>
internal readonly unsafe struct ByteRing
{
    /// <summary>Result of an operation on a ring whose indexes make no sense.</summary>
    internal const int Broken = -1;

    private readonly byte* data;
    private readonly uint size;
    private readonly uint* consumer;
    private readonly uint* producer;

    /// <param name="ring">The bytes of the ring.</param>
    /// <param name="ringSize">Their number, a power of two.</param>
    /// <param name="consumerIndex">Index of the next byte to take, 4-byte aligned.</param>
    /// <param name="producerIndex">Index after the last byte put in, 4-byte aligned.</param>
    internal ByteRing(byte* ring, uint ringSize, uint* consumerIndex, uint* producerIndex)
    {
        data = ring;
        size = ringSize;
        consumer = consumerIndex;
        producer = producerIndex;
    }

    /// <summary>Bytes put in and not yet taken, or <see cref="Broken"/>.</summary>
    internal int Pending => Difference(Volatile.Read(ref *producer), Volatile.Read(ref *consumer));

    /// <summary>Bytes that can be put in, or <see cref="Broken"/>.</summary>
    internal int Free
    {
        get
        {
            int pending = Pending;
            return pending < 0 ? Broken : (int)size - pending;
        }
    }

    /// <summary>
    /// Puts in as many bytes as there is room for, and returns how many, or <see cref="Broken"/>. For the producer, which then notifies
    /// the other side.
    /// </summary>
    internal int Write(ReadOnlySpan<byte> bytes)
    {
        uint end = Volatile.Read(ref *producer);
        // An acquire read: the bytes below are written only after the consumer was seen to be done with their places.
        int pending = Difference(end, Volatile.Read(ref *consumer));
        if (pending < 0)
            return Broken;
        int count = (int)size - pending;
        if (bytes.Length < count)
            count = bytes.Length;
        for (int i = 0; i < count; i++)
            data[end + (uint)i & size - 1] = bytes[i];
        // A release write: the consumer that sees the new index also sees the bytes.
        Volatile.Write(ref *producer, end + (uint)count);
        return count;
    }

    /// <summary>
    /// Takes as many bytes as there are and fit, and returns how many, or <see cref="Broken"/>. For the consumer, which then notifies the
    /// other side.
    /// </summary>
    internal int Read(Span<byte> bytes)
    {
        uint start = Volatile.Read(ref *consumer);
        // An acquire read: the bytes below are read only after the producer was seen to have put them in.
        int count = Difference(Volatile.Read(ref *producer), start);
        if (count < 0)
            return Broken;
        if (bytes.Length < count)
            count = bytes.Length;
        for (int i = 0; i < count; i++)
            bytes[i] = data[start + (uint)i & size - 1];
        // A release write: the producer that sees the new index may use the places again, and the bytes have been read by then.
        Volatile.Write(ref *consumer, start + (uint)count);
        return count;
    }

    private int Difference(uint end, uint start) => end - start <= size ? (int)(end - start) : Broken;
}
