// A mapping of a file: what its regions, which may be pieces of what mmap made, have in common.
using Xenolith.Kernel.Files;

namespace Xenolith.Kernel.Memory;

internal unsafe struct FileMapping
{
    /// <summary>With a reference.</summary>
    internal Inode* Inode;

    /// <summary>What is added to an address to get the offset in the file; it may wrap around.</summary>
    internal ulong Distance;

    /// <summary>Pages that are still mapped; with the last one the mapping ends.</summary>
    internal ulong Pages;

    /// <summary>Writes go to the file.</summary>
    internal bool IsShared;

    /// <summary>The file was opened for writing, so a shared mapping may become writable.</summary>
    internal bool MayWrite;

    private static ObjectPool pool;

    /// <summary>A mapping with the caller's inode, or null when there is no memory.</summary>
    internal static FileMapping* Create(Inode* inode, ulong distance, ulong pages)
    {
        FileMapping* mapping = (FileMapping*)pool.Take((uint)sizeof(FileMapping));
        if (mapping == null)
            return null;
        *mapping = default;
        mapping->Inode = inode;
        mapping->Distance = distance;
        mapping->Pages = pages;
        inode->References++;
        inode->Mappings++;
        return mapping;
    }

    internal static void Release(FileMapping* mapping, ulong pages)
    {
        mapping->Pages -= pages;
        if (mapping->Pages != 0)
            return;
        mapping->Inode->Mappings--;
        FileTree.System->Release(mapping->Inode);
        pool.Return(mapping);
    }
}
