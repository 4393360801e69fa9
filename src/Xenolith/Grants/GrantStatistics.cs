namespace Xenolith.Grants;

/// <summary>What the grant table is used for at one moment. References count those that programs can use, not the kernel's own.</summary>
/// <param name="Free">References that nobody has.</param>
/// <param name="Limit">References that there can be: Xen's limit.</param>
/// <param name="Reserved">References that have an owner and grant nothing.</param>
/// <param name="Granted">References that grant a page and have an owner.</param>
/// <param name="Reclaiming">References without an owner whose page another domain still has mapped.</param>
/// <param name="Reclaimed">References that were reclaimed so, since the start.</param>
/// <param name="ReclaimTries">Tries to reclaim, since the start.</param>
/// <param name="WaitingReservations">Reservations that wait for references.</param>
/// <param name="Pages">I/O pages in use, with those that wait for a grant to end.</param>
/// <param name="CachedPages">I/O pages kept for the next use.</param>
/// <param name="MappedPages">Pages of other domains that are mapped here.</param>
/// <param name="FailedUnmaps">Mappings that Xen refused to end, since the start.</param>
public readonly record struct GrantStatistics(
    int Free, int Limit, int Reserved, int Granted, int Reclaiming, long Reclaimed, long ReclaimTries, int WaitingReservations,
    int Pages, int CachedPages, int MappedPages, long FailedUnmaps);
