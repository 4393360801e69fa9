// The names of a directory, found by their hash. The table grows and shrinks by one bucket at a time (linear hashing), so no insertion
// takes long, whatever the number of names.
//
//      buckets   0 1 2 ... split ... 2^k        a name with hash h is in bucket h mod 2^(k+1) if there is one, else in h mod 2^k;
//                [ split already ][ not yet ]   a new bucket n takes its names from bucket n - 2^k
using System;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Files;

/// <summary>A name in a directory, and what it leads to. The bytes of the name follow the structure.</summary>
internal unsafe struct Dentry
{
    /// <summary>The next one in the bucket.</summary>
    internal Dentry* NextInBucket;

    /// <summary>Its neighbours in the directory, in the order in which they were made.</summary>
    internal Dentry* Next, Previous;

    internal Inode* Target;

    /// <summary>Where it stands.</summary>
    internal Inode* Directory;

    /// <summary>Its place in the directory's order: never used twice.</summary>
    internal ulong Cookie;

    internal uint Hash;
    internal byte NameLength;

    internal static ReadOnlySpan<byte> NameOf(Dentry* entry) => new(entry + 1, entry->NameLength);
}

/// <summary>Starts zeroed; memory is the heap's, which must be the same at every call.</summary>
internal unsafe struct NameTable
{
    // So few names are looked for one by one.
    private const uint MinimumBuckets = 16;
    private const int SegmentShift = 9, SegmentSize = 1 << SegmentShift;
    private const uint MaximumBuckets = SegmentSize * SegmentSize;

    // Up to one segment: a page of buckets. Beyond: a page of pages of buckets.
    private ulong* table;
    private uint buckets;
    private bool isSegmented;

    /// <summary>Of the bytes, FNV-1a.</summary>
    internal static uint Hash(ReadOnlySpan<byte> name)
    {
        uint hash = 2166136261;
        for (int i = 0; i < name.Length; i++)
            hash = (hash ^ name[i]) * 16777619;
        return hash ^ hash >> 15;
    }

    /// <summary>The entry of a name, or null. <paramref name="first"/> and its successors are all entries.</summary>
    internal readonly Dentry* Find(Dentry* first, uint hash, ReadOnlySpan<byte> name)
    {
        if (buckets == 0)
        {
            for (Dentry* entry = first; entry != null; entry = entry->Next)
                if (IsNamed(entry, hash, name))
                    return entry;
            return null;
        }
        for (Dentry* entry = *Bucket(IndexOf(hash)); entry != null; entry = entry->NextInBucket)
            if (IsNamed(entry, hash, name))
                return entry;
        return null;
    }

    /// <summary>
    /// Adds an entry that is in the directory's list already, its <paramref name="count"/>th. Without memory the table stays smaller than it might
    /// be.
    /// </summary>
    internal void Add(FileHeap* heap, Dentry* first, Dentry* entry, uint count)
    {
        if (buckets == 0)
        {
            if (count <= MinimumBuckets || (table = (ulong*)heap->TakeZeroedPage()) == null)
                return;
            buckets = MinimumBuckets;
            for (Dentry* each = first; each != null; each = each->Next)
                Push(each);
            return;
        }
        Push(entry);
        if (count > buckets)
            Grow(heap);
    }

    /// <summary>Takes an entry out, which the list may still have or not; <paramref name="count"/> are left.</summary>
    internal void Remove(FileHeap* heap, Dentry* entry, uint count)
    {
        if (buckets == 0)
            return;
        Dentry** link = Bucket(IndexOf(entry->Hash));
        while (*link != entry)
            link = &(*link)->NextInBucket;
        *link = entry->NextInBucket;
        if (count < buckets / 2)
            Shrink(heap);
        if (count < MinimumBuckets / 2)
            Clear(heap);
    }

    /// <summary>Gives the memory back; the entries are the directory's.</summary>
    internal void Clear(FileHeap* heap)
    {
        if (buckets == 0)
            return;
        while (isSegmented && buckets > 0)
        {
            buckets--;
            ReleaseSegment(heap);
        }
        if (table != null)
            heap->ReturnPage((byte*)table);
        this = default;
    }

    private void Grow(FileHeap* heap)
    {
        if (buckets == MaximumBuckets || (buckets & SegmentSize - 1) == 0 && !AddSegment(heap))
            return;
        uint index = buckets++;
        Dentry** to = Bucket(index);
        *to = null;
        for (Dentry** link = Bucket(Buddy(index)); *link != null;)
        {
            Dentry* entry = *link;
            if (IndexOf(entry->Hash) != index)
            {
                link = &entry->NextInBucket;
                continue;
            }
            *link = entry->NextInBucket;
            entry->NextInBucket = *to;
            *to = entry;
        }
    }

    private void Shrink(FileHeap* heap)
    {
        if (buckets <= MinimumBuckets)
            return;
        uint index = buckets - 1;
        Dentry** to = Bucket(Buddy(index));
        for (Dentry* entry = *Bucket(index); entry != null;)
        {
            Dentry* next = entry->NextInBucket;
            entry->NextInBucket = *to;
            *to = entry;
            entry = next;
        }
        *Bucket(index) = null;
        buckets--;
        ReleaseSegment(heap);
    }

    private bool AddSegment(FileHeap* heap)
    {
        ulong* segment = (ulong*)heap->TakeZeroedPage();
        if (segment == null)
            return false;
        if (!isSegmented)
        {
            ulong* segments = (ulong*)heap->TakeZeroedPage();
            if (segments == null)
            {
                heap->ReturnPage((byte*)segment);
                return false;
            }
            segments[0] = (ulong)table;
            table = segments;
            isSegmented = true;
        }
        table[buckets >> SegmentShift] = (ulong)segment;
        return true;
    }

    /// <summary>After the number of buckets has become less: the page of the last segment, if it has no bucket any more.</summary>
    private void ReleaseSegment(FileHeap* heap)
    {
        if (!isSegmented || (buckets & SegmentSize - 1) != 0)
            return;
        uint last = buckets >> SegmentShift;
        heap->ReturnPage((byte*)table[last]);
        table[last] = 0;
        if (last > 1)
            return;
        ulong* only = last == 0 ? null : (ulong*)table[0];
        heap->ReturnPage((byte*)table);
        table = only;
        isSegmented = false;
    }

    private readonly Dentry** Bucket(uint index) =>
        (Dentry**)(isSegmented ? (ulong*)table[index >> SegmentShift] + (index & SegmentSize - 1) : table + index);

    private readonly void Push(Dentry* entry)
    {
        Dentry** bucket = Bucket(IndexOf(entry->Hash));
        entry->NextInBucket = *bucket;
        *bucket = entry;
    }

    private readonly uint IndexOf(uint hash)
    {
        uint half = Half(buckets);
        uint index = hash & 2 * half - 1;
        return index < buckets ? index : index - half;
    }

    /// <summary>The bucket that a new one is split from.</summary>
    private static uint Buddy(uint index) => index - Half(index + 1);

    /// <summary>The largest power of two that is less than a number, which is at least 2.</summary>
    private static uint Half(uint number)
    {
        uint half = 1;
        while (2 * half < number)
            half *= 2;
        return half;
    }

    private static bool IsNamed(Dentry* entry, uint hash, ReadOnlySpan<byte> name) =>
        entry->Hash == hash && Names.AreSame(Dentry.NameOf(entry), name);
}
