// How many grant entries name a page of xl_page_allocate: kept in bits of the page's own table entry that the CPU ignores, so that it costs no memory
// and is found with the page.
namespace Xenolith.Kernel.Memory;

internal static class GrantCount
{
    /// <summary>The most entries that one page can be in.</summary>
    internal const ulong Maximum = 2047;

    // Bits 52 to 62; the CPU uses four of them only with protection keys, which stay off.
    private const int Shift = 52;
    private const ulong One = 1ul << Shift;

    internal static ulong Of(ulong entry) => entry >> Shift & Maximum;

    /// <summary>Counts one more; false if the page is in as many as can be counted.</summary>
    internal static bool TryIncrease(ref ulong entry)
    {
        if (Of(entry) == Maximum)
            return false;
        entry += One;
        return true;
    }

    internal static void Decrease(ref ulong entry) => entry -= One;
}
