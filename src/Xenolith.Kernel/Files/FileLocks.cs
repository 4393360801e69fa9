// flock(2): locks of whole files that open files hold, shared or exclusively. Who waits for one is the caller's affair.
namespace Xenolith.Kernel.Files;

/// <summary>What an open file holds of a lock.</summary>
internal enum FileLock
{
    None,
    Shared,
    Exclusive,
}

internal static unsafe class FileLocks
{
    /// <summary>
    /// Changes what an open file holds from <paramref name="held"/> to <paramref name="wanted"/>, which it has afterwards. False if others are in
    /// the way: then it holds nothing, because what it held is given up first, as on Linux.
    /// </summary>
    internal static bool TryChange(Inode* inode, FileLock held, FileLock wanted)
    {
        if (held == FileLock.Exclusive)
            inode->Locks = 0;
        else if (held == FileLock.Shared)
            inode->Locks--;
        if (wanted == FileLock.Exclusive && inode->Locks != 0 || wanted == FileLock.Shared && inode->Locks < 0)
            return false;
        if (wanted == FileLock.Exclusive)
            inode->Locks = -1;
        else if (wanted == FileLock.Shared)
            inode->Locks++;
        return true;
    }
}
