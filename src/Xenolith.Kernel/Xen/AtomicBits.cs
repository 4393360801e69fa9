// Bits of words that Xen changes at the same time.
using System.Threading;

namespace Xenolith.Kernel.Xen;

internal static unsafe class AtomicBits
{
    /// <summary>Replaces the word by <c>word &amp; keep | set</c> in one step; returns what it was. A full barrier.</summary>
    internal static ulong Change(ulong* word, ulong keep, ulong set)
    {
        long seen = Volatile.Read(ref *(long*)word);
        for (; ; )
        {
            long found = Interlocked.CompareExchange(ref *(long*)word, seen & (long)keep | (long)set, seen);
            if (found == seen)
                return (ulong)seen;
            seen = found;
        }
    }

    /// <inheritdoc cref="Change(ulong*, ulong, ulong)"/>
    internal static uint Change(uint* word, uint keep, uint set)
    {
        int seen = Volatile.Read(ref *(int*)word);
        for (; ; )
        {
            int found = Interlocked.CompareExchange(ref *(int*)word, seen & (int)keep | (int)set, seen);
            if (found == seen)
                return (uint)seen;
            seen = found;
        }
    }
}
