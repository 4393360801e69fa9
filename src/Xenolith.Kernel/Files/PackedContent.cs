// The files that were packed into the image when it was published, and the name of the program. All numbers are little-endian, all
// offsets from the start of the archive, which is aligned to a page:
//
//      u32 magic "XLFS", u32 count, u32 name, u32 nameLength     the name of the program
//      entry[count], 40 bytes each                               0 is /app, 1 /usr, 2 /etc; what is in a directory lies together
//          u64 data, u64 size        a directory: its first entry and how many; a file: its bytes; a symbolic link: its text
//          u64 modified              nanoseconds since 1970
//          u32 name, u32 nameLength
//          u32 mode, u32 0           type and permissions (inode(7))
//      names, then data: a file of 2 KiB or more begins on a page, the rest of its last page is zero
//
// The build makes it (Xenolith.Sdk), so it is trusted as the code is; what is there is only checked for being an archive at all.
using System;

namespace Xenolith.Kernel.Files;

/// <summary>An entry of the archive.</summary>
internal struct PackedEntry
{
    internal ulong Data, Size, Modified;
    internal uint Name, NameLength, Mode;
}

/// <param name="address">Where the archive begins.</param>
internal readonly unsafe ref struct PackedContent(byte* address)
{
    /// <summary>The entries of the directories that the archive fills.</summary>
    internal const uint Application = 0, Shared = 1, Configuration = 2;

    private const uint Magic = 0x53464C58;
    private const int HeaderSize = 16;

    private readonly byte* start = address;

    internal bool IsPresent => ((uint*)start)[0] == Magic;

    internal uint Count => ((uint*)start)[1];

    internal ReadOnlySpan<byte> ProgramName => new(start + ((uint*)start)[2], (int)((uint*)start)[3]);

    internal PackedEntry* Entry(uint index) => (PackedEntry*)(start + HeaderSize) + index;

    internal ReadOnlySpan<byte> NameOf(PackedEntry* entry) => new(start + entry->Name, (int)entry->NameLength);

    internal byte* DataOf(PackedEntry* entry) => start + entry->Data;

    /// <summary>Adds the entries of a directory of the archive to one of the file system.</summary>
    /// <param name="system">The file system.</param>
    /// <param name="directory">The file system's directory.</param>
    /// <param name="from">The index of the archive's.</param>
    internal long Populate(FileSystem* system, Inode* directory, uint from)
    {
        PackedEntry* parent = Entry(from);
        for (uint index = (uint)parent->Data; index < parent->Data + parent->Size; index++)
        {
            PackedEntry* entry = Entry(index);
            Inode* inode = system->CreateOnce(directory, NameOf(entry), entry->Mode, out long error);
            if (inode == null)
                return error;
            inode->Flags = InodeFlags.ReadOnly | InodeFlags.Packed;
            inode->Accessed = inode->Modified = inode->Changed = inode->Created = entry->Modified;
            if (inode->IsDirectory)
            {
                inode->Flags |= InodeFlags.Unpopulated;
                inode->Tag = index;
                continue;
            }
            inode->Bytes = DataOf(entry);
            inode->Size = entry->Size;
        }
        return 0;
    }
}
