namespace Xenolith.Grants;

public sealed partial class GrantTable
{
    /// <summary>Gives back the I/O pages that are kept for the next use.</summary>
    internal void ReleaseCachedPages()
    {
        lock (SyncRoot)
            DropCachedPages();
    }
}
