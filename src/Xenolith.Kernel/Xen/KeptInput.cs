// Console input that was typed and not read yet when the domain was suspended: it lies in a page that the toolstack empties. Here it goes on to wait
// for who reads it, before what comes by the next ring. Four rings' worth: what is more than that, over suspensions without a read in between, is
// lost.
using System;

namespace Xenolith.Kernel.Xen;

internal unsafe struct KeptInput
{
    internal const int Capacity = 4096;

    private fixed byte bytes[Capacity];
    private int start, end;

    internal readonly int Length => end - start;

    /// <summary>Takes over what a ring has, as far as it fits. Nothing from a ring that makes no sense.</summary>
    internal void TakeFrom(in ByteRing ring)
    {
        fixed (byte* first = bytes)
        {
            Span<byte> all = new(first, Capacity);
            all.Slice(start, Length).CopyTo(all);
            end -= start;
            start = 0;
            int count = ring.Read(all.Slice(end));
            if (count > 0)
                end += count;
        }
    }

    /// <summary>Gives out what came first, and returns how many bytes.</summary>
    internal int Read(Span<byte> destination)
    {
        int count = Length < destination.Length ? Length : destination.Length;
        fixed (byte* first = bytes)
            new ReadOnlySpan<byte>(first + start, count).CopyTo(destination);
        start += count;
        return count;
    }
}
