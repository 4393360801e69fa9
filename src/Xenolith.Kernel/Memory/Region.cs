// A region of the address space: what has been promised for its addresses, whether or not there are pages yet.
using System;

namespace Xenolith.Kernel.Memory;

/// <summary>What a program may do with the memory.</summary>
[Flags]
internal enum RegionProtection : byte
{
    None = 0,
    Read = 1,
    Write = 2,
    Execute = 4,
}

/// <summary>Where a region's pages come from.</summary>
internal enum RegionKind : byte
{
    /// <summary>Zeroed frames on first touch.</summary>
    Anonymous,

    /// <summary>The image's own frames.</summary>
    Image,

    /// <summary>Frames that are there from the start and stay: pages that can be granted (xl_page_allocate).</summary>
    IoPages,

    /// <summary>Frames of other domains (xl_grant_map).</summary>
    Foreign,

    /// <summary>A file's content; the tag is its <c>FileMapping</c>.</summary>
    File,

    /// <summary>The kernel's own, among the program's addresses: whatever the pages are, no call of the program changes them.</summary>
    Kernel,
}

[Flags]
internal enum RegionFlags : ushort
{
    None = 0,

    /// <summary>Counted as promised memory.</summary>
    Charged = 1,

    /// <summary>Counted page by page as touched: thread stacks.</summary>
    NoReserve = 2,
}

/// <summary>All that makes one region differ from the next: neighbours with equal attributes are one region.</summary>
internal struct RegionAttributes
{
    internal RegionProtection Protection;
    internal RegionKind Kind;
    internal RegionFlags Flags;

    /// <summary>The owner's: kept when a region is split. Different tags keep neighbours apart.</summary>
    internal ulong Tag;

    internal readonly bool Matches(in RegionAttributes other) =>
        Protection == other.Protection && Kind == other.Kind && Flags == other.Flags && Tag == other.Tag;
}

/// <summary>A node of a <see cref="RegionTree"/>. Valid until the tree is next changed; only the tree writes to it.</summary>
internal unsafe struct Region
{
    internal ulong Start;

    /// <summary>The address after the last.</summary>
    internal ulong End;

    internal RegionAttributes Attributes;

    internal Region* Left;
    internal Region* Right;
    internal Region* Parent;

    // Of the subtree: its first and last address, the largest gap between two of its regions, its height.
    internal ulong MinStart;
    internal ulong MaxEnd;
    internal ulong MaxGap;
    internal int Height;

    /// <summary>Computes what the node knows of its subtree from its children; true if that changed.</summary>
    internal bool Update()
    {
        ulong minStart = Start, maxEnd = End, maxGap = 0;
        int height = 0;
        if (Left != null)
        {
            minStart = Left->MinStart;
            maxGap = Left->MaxGap;
            if (Start - Left->MaxEnd > maxGap)
                maxGap = Start - Left->MaxEnd;
            height = Left->Height;
        }

        if (Right != null)
        {
            maxEnd = Right->MaxEnd;
            if (Right->MaxGap > maxGap)
                maxGap = Right->MaxGap;
            if (Right->MinStart - End > maxGap)
                maxGap = Right->MinStart - End;
            if (Right->Height > height)
                height = Right->Height;
        }

        height++;
        if (MinStart == minStart && MaxEnd == maxEnd && MaxGap == maxGap && Height == height)
            return false;
        MinStart = minStart;
        MaxEnd = maxEnd;
        MaxGap = maxGap;
        Height = height;
        return true;
    }
}
