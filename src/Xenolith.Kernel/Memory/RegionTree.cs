// The regions of the address space in address order: which addresses are taken, for what and with which protection. Reserving a terabyte
// is one node. RegionTree.Balance.cs holds the tree itself.
//
// Regions do not overlap, and neighbours that touch and have equal attributes are one region. Each node also knows the largest gap within
// its subtree, so that a gap is found without a walk. An operation that needs nodes makes sure of them first: one that fails changes nothing.
using Xenolith.Kernel.Diagnostics;

namespace Xenolith.Kernel.Memory;

internal enum RegionResult
{
    Done,

    /// <summary>There is no memory for a node.</summary>
    NoMemory,

    /// <summary>Some of the range is taken.</summary>
    Overlap,

    /// <summary>Some of the range is not taken.</summary>
    NotCovered,
}

/// <summary>
/// Starts zeroed. Not thread-safe. Ranges are [start, end), not empty and of whole pages. Pointers to regions are valid until the tree is
/// next changed.
/// </summary>
internal unsafe partial struct RegionTree
{
    private const ulong PageMask = 4095;

    private Region* root;
    // The last region found: faults and calls come in runs.
    private Region* lastFound;
    private NodePool pool;

    /// <summary>Number of regions.</summary>
    internal int Count { get; private set; }

    /// <summary>The region with the lowest addresses, or null.</summary>
    internal readonly Region* First => root == null ? null : Leftmost(root);

    /// <param name="page">Gives 4 KiB of memory for nodes, or null.</param>
    internal void Initialize(delegate*<void*> page) => pool.Initialize(sizeof(Region), page);

    /// <summary>Sees to it that operations which need <paramref name="nodes"/> nodes will not fail for want of memory.</summary>
    internal bool Reserve(int nodes) => pool.Reserve(nodes);

    /// <summary>The region that holds an address, or null.</summary>
    internal Region* Find(ulong address)
    {
        if (lastFound != null && address - lastFound->Start < lastFound->End - lastFound->Start)
            return lastFound;
        Region* region = FindFirstAtOrAfter(address);
        if (region == null || region->Start > address)
            return null;
        lastFound = region;
        return region;
    }

    /// <summary>The region that holds an address, else the first one after it, or null.</summary>
    internal readonly Region* FindFirstAtOrAfter(ulong address)
    {
        Region* found = null;
        for (Region* node = root; node != null;)
        {
            if (node->End > address)
            {
                found = node;
                node = node->Left;
            }
            else
            {
                node = node->Right;
            }
        }

        return found;
    }

    /// <summary>The next region in address order, or null.</summary>
    internal static Region* Next(Region* region)
    {
        if (region->Right != null)
            return Leftmost(region->Right);
        Region* parent = region->Parent;
        while (parent != null && parent->Right == region)
        {
            region = parent;
            parent = parent->Parent;
        }

        return parent;
    }

    /// <summary>The region before in address order, or null.</summary>
    internal static Region* Previous(Region* region)
    {
        if (region->Left != null)
            return Rightmost(region->Left);
        Region* parent = region->Parent;
        while (parent != null && parent->Left == region)
        {
            region = parent;
            parent = parent->Parent;
        }

        return parent;
    }

    /// <summary>
    /// True if every address of the range lies in a region that grants all of <paramref name="required"/>.
    /// </summary>
    internal readonly bool IsCovered(ulong start, ulong end, RegionProtection required)
    {
        ulong reached = start;
        for (Region* region = FindFirstAtOrAfter(start); reached < end; region = Next(region))
        {
            if (region == null || region->Start > reached || (region->Attributes.Protection & required) != required)
                return false;
            reached = region->End;
        }

        return true;
    }

    /// <summary>Takes a free range. Fails with <see cref="RegionResult.Overlap"/> or <see cref="RegionResult.NoMemory"/>.</summary>
    internal RegionResult Insert(ulong start, ulong end, in RegionAttributes attributes)
    {
        CheckRange(start, end);
        Region* next = FindFirstAtOrAfter(start);
        if (next != null && next->Start < end)
            return RegionResult.Overlap;
        Region* previous = next != null ? Previous(next) : root != null ? Rightmost(root) : null;
        bool joinsPrevious = previous != null && previous->End == start && previous->Attributes.Matches(attributes);
        bool joinsNext = next != null && next->Start == end && next->Attributes.Matches(attributes);
        if (joinsPrevious)
        {
            previous->End = joinsNext ? next->End : end;
            if (joinsNext)
                Unlink(next);
            Refresh(previous);
        }
        else if (joinsNext)
        {
            next->Start = start;
            Refresh(next);
        }
        else
        {
            Region* region = (Region*)pool.Take();
            if (region == null)
                return RegionResult.NoMemory;
            region->Start = start;
            region->End = end;
            region->Attributes = attributes;
            Link(region, previous, next);
        }

        return RegionResult.Done;
    }

    /// <summary>Frees a range, of which any part may be free already. Fails with <see cref="RegionResult.NoMemory"/> if it splits a region.</summary>
    internal RegionResult Remove(ulong start, ulong end)
    {
        CheckRange(start, end);
        Region* region = FindFirstAtOrAfter(start);
        if (region == null)
            return RegionResult.Done;
        if (region->Start < start)
        {
            if (region->End > end)
            {
                if (!pool.Reserve(1))
                    return RegionResult.NoMemory;
                SplitAfter(region, end);
            }

            region->End = start;
            Refresh(region);
            region = Next(region);
        }

        while (region != null && region->Start < end)
        {
            if (region->End > end)
            {
                region->Start = end;
                Refresh(region);
                break;
            }

            region = Unlink(region);
        }

        return RegionResult.Done;
    }

    /// <summary>Takes a range, whatever was there before. Fails with <see cref="RegionResult.NoMemory"/>.</summary>
    internal RegionResult Replace(ulong start, ulong end, in RegionAttributes attributes)
    {
        // One node if the removal splits a region, one for the new region.
        if (!pool.Reserve(2))
            return RegionResult.NoMemory;
        Remove(start, end);
        return Insert(start, end, attributes);
    }

    /// <summary>
    /// Sets the protection of a range. Fails with <see cref="RegionResult.NotCovered"/> if some of it is free, or with
    /// <see cref="RegionResult.NoMemory"/>.
    /// </summary>
    internal RegionResult SetProtection(ulong start, ulong end, RegionProtection protection) =>
        SetProtection(start, end, protection, RegionFlags.None, RegionFlags.None);

    /// <summary>As <see cref="SetProtection(ulong, ulong, RegionProtection)"/>, and changes flags in the same step.</summary>
    internal RegionResult SetProtection(ulong start, ulong end, RegionProtection protection, RegionFlags set, RegionFlags clear)
    {
        CheckRange(start, end);
        Region* first = FindFirstAtOrAfter(start);
        ulong reached = start;
        int nodes = 0;
        for (Region* region = first; reached < end; region = Next(region))
        {
            if (region == null || region->Start > reached)
                return RegionResult.NotCovered;
            if (!region->Attributes.Matches(Changed(region, protection, set, clear)))
                nodes += (region->Start < start ? 1 : 0) + (region->End > end ? 1 : 0);
            reached = region->End;
        }

        if (nodes == 1 && first->End >= end && MoveBoundary(first, start, end, Changed(first, protection, set, clear)))
            return RegionResult.Done;
        if (!pool.Reserve(nodes))
            return RegionResult.NoMemory;
        for (Region* region = first; region != null && region->Start < end; region = Next(region))
        {
            RegionAttributes changed = Changed(region, protection, set, clear);
            if (region->Attributes.Matches(changed))
                continue;
            if (region->Start < start)
                region = SplitAfter(region, start);
            if (region->End > end)
                SplitAfter(region, end);
            region->Attributes = changed;
        }

        Merge(start, end);
        return RegionResult.Done;
    }

    /// <summary>
    /// The lowest address at or above <paramref name="low"/> (which is not 0) at which so many bytes are free, end at or below
    /// <paramref name="high"/> and begin at a multiple of the alignment; 0 when there is none.
    /// </summary>
    /// <remarks>
    /// Lowest fit keeps what is mapped close together, in few page tables. O(log n) for page alignment; with a larger one, gaps that are
    /// large enough but do not hold an aligned range are looked at too.
    /// </remarks>
    /// <param name="size">Bytes, whole pages.</param>
    /// <param name="alignment">A power of two, at least a page.</param>
    /// <param name="low">The lowest address allowed.</param>
    /// <param name="high">The end of what is allowed.</param>
    internal readonly ulong FindGap(ulong size, ulong alignment, ulong low, ulong high)
    {
        KernelAssert.That(size != 0 && (size & PageMask) == 0 && alignment > PageMask && (alignment & alignment - 1) == 0 && low != 0,
            "region tree: bad gap request");
        GapRequest request;
        request.Size = size;
        request.AlignmentMask = alignment - 1;
        request.Low = low;
        request.High = high;
        return FindGap(root, 0, ulong.MaxValue, &request);
    }

    private struct GapRequest
    {
        internal ulong Size;
        internal ulong AlignmentMask;
        internal ulong Low;
        internal ulong High;
    }

    /// <summary>
    /// Searches a subtree and the gaps on either side of it, which begin at <paramref name="from"/> and end at <paramref name="to"/>.
    /// </summary>
    private static ulong FindGap(Region* node, ulong from, ulong to, GapRequest* request)
    {
        while (node != null)
        {
            if (to <= request->Low || from >= request->High ||
                node->MinStart - from < request->Size && node->MaxGap < request->Size && to - node->MaxEnd < request->Size)
                return 0;
            ulong found = FindGap(node->Left, from, node->Start, request);
            if (found != 0)
                return found;
            from = node->End;
            node = node->Right;
        }

        from = from > request->Low ? from : request->Low;
        to = to < request->High ? to : request->High;
        ulong aligned = from + request->AlignmentMask & ~request->AlignmentMask;
        return aligned >= from && aligned <= to && to - aligned >= request->Size ? aligned : 0;
    }

    private static void CheckRange(ulong start, ulong end) =>
        KernelAssert.That(start < end && ((start | end) & PageMask) == 0, "region tree: bad range");

    private static RegionAttributes Changed(Region* region, RegionProtection protection, RegionFlags set, RegionFlags clear)
    {
        RegionAttributes attributes = region->Attributes;
        attributes.Protection = protection;
        attributes.Flags = attributes.Flags & ~clear | set;
        return attributes;
    }

    /// <summary>
    /// A range at one edge of a region, not the whole of it, becomes part of the neighbour there when it is to be like it: no node comes or
    /// goes. This is how a heap commits more of its reservation.
    /// </summary>
    private bool MoveBoundary(Region* region, ulong start, ulong end, in RegionAttributes changed)
    {
        Region* neighbour;
        if (region->Start == start && region->End > end)
        {
            neighbour = Previous(region);
            if (neighbour == null || neighbour->End != start || !neighbour->Attributes.Matches(changed))
                return false;
            neighbour->End = end;
            region->Start = end;
        }
        else
        {
            neighbour = Next(region);
            if (neighbour == null || neighbour->Start != end || !neighbour->Attributes.Matches(changed))
                return false;
            neighbour->Start = start;
            region->End = start;
        }

        // One of the two is the other's ancestor: whichever of them is refreshed last has seen both new bounds.
        Refresh(neighbour);
        Refresh(region);
        return true;
    }

    /// <summary>Splits a region in two at an address within it, with a node that has been reserved. Returns the upper part.</summary>
    private Region* SplitAfter(Region* region, ulong address)
    {
        Region* upper = (Region*)pool.Take();
        upper->Start = address;
        upper->End = region->End;
        upper->Attributes = region->Attributes;
        region->End = address;
        Link(upper, region, Next(region));
        Refresh(region);
        return upper;
    }

    /// <summary>Joins equal neighbours from the region before a range to the one after it.</summary>
    private void Merge(ulong start, ulong end)
    {
        Region* region = FindFirstAtOrAfter(start);
        Region* previous = Previous(region);
        if (previous != null)
            region = previous;
        for (Region* next = Next(region); next != null && next->Start <= end;)
        {
            if (region->End == next->Start && region->Attributes.Matches(next->Attributes))
            {
                region->End = next->End;
                next = Unlink(next);
                Refresh(region);
            }
            else
            {
                region = next;
                next = Next(next);
            }
        }
    }
}
