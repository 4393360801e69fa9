// The naive model of the address space: one entry a page. Its regions are the runs of equal entries.

using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Tests.Memory;

internal sealed class RegionTreeModel(int pages)
{
    public const ulong Page = 4096;

    /// <summary>Page 0 of the model: addresses begin above the null page.</summary>
    public const ulong Base = 16 * Page;

    private readonly Entry?[] entries = new Entry?[pages];

    public readonly record struct Entry(RegionProtection Protection, RegionKind Kind, RegionFlags Flags, ulong Tag)
    {
        public RegionAttributes Attributes => new() { Protection = Protection, Kind = Kind, Flags = Flags, Tag = Tag };
    }

    public Entry? this[int page] => entries[page];

    public bool IsFree(int start, int end) => entries[start..end].All(e => e is null);

    public bool IsTaken(int start, int end) => entries[start..end].All(e => e is not null);

    public bool IsCovered(int start, int end, RegionProtection required) =>
        entries[start..end].All(e => e is { } entry && (entry.Protection & required) == required);

    public void Set(int start, int end, Entry? entry) => Array.Fill(entries, entry, start, end - start);

    public void Protect(int start, int end, RegionProtection protection, RegionFlags set, RegionFlags clear)
    {
        for (int i = start; i < end; i++)
            entries[i] = entries[i]!.Value with { Protection = protection, Flags = (entries[i]!.Value.Flags & ~clear) | set };
    }

    public List<(ulong Start, ulong End, Entry Entry)> Regions()
    {
        List<(ulong Start, ulong End, Entry Entry)> regions = [];
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i] is not { } entry)
                continue;
            ulong address = Address(i);
            if (regions.Count > 0 && regions[^1].End == address && regions[^1].Entry == entry)
                regions[^1] = (regions[^1].Start, address + Page, entry);
            else
                regions.Add((address, address + Page, entry));
        }

        return regions;
    }

    /// <summary>The lowest aligned address in [low, high) with so many pages free, outside the model's pages too; 0 for none.</summary>
    public ulong FindGap(int size, ulong alignment, ulong low, ulong high)
    {
        for (ulong at = (low + alignment - 1) / alignment * alignment; at + (ulong)size * Page <= high; at += alignment)
        {
            bool free = true;
            for (int i = 0; i < size && free; i++)
            {
                long page = (long)(at / Page) - (long)(Base / Page) + i;
                free = page < 0 || page >= entries.Length || entries[page] is null;
            }

            if (free)
                return at;
        }

        return 0;
    }

    public static ulong Address(int page) => Base + (ulong)page * Page;
}
