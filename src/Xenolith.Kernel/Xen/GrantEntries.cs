// The entries of the grant table (version 1), and beside each what the kernel knows of it: shared memory is not asked for what was granted.
//
//   entry     flags, domain, frame     shared with Xen, which sets and clears "reading" and "writing" at any time
//   granted   page, own mappings       the kernel's
//
// A domain cannot have Xen map its own grant: Xen would take the page away from where it is. Such mappings are the kernel's affair, by the rules that
// Xen has for others, and keep an entry busy as theirs do.
using System.Threading;
using Xenolith.Abi;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Xen;

/// <summary>What the kernel knows of one entry.</summary>
internal struct GrantedPage
{
    /// <summary>The address of the granted page; 0: nothing is granted.</summary>
    internal ulong Address;

    /// <summary>Mappings of it in this domain.</summary>
    internal uint OwnMappings;
}

internal unsafe struct GrantEntries
{
    private readonly GrantEntryV1* entries;
    private readonly GrantedPage* granted;

    internal GrantEntries(GrantEntryV1* entries, GrantedPage* granted)
    {
        this.entries = entries;
        this.granted = granted;
    }

    /// <summary>Entries that there are.</summary>
    internal uint Count { readonly get; set; }

    /// <summary>True for a reference that programs may use: not the toolstack's, and in the table.</summary>
    internal readonly bool IsUsable(uint reference) => reference >= GrantReserved.Entries && reference < Count;

    /// <summary>Grants a page. 0; EINVAL for a reference that is not for use; EBUSY for one that grants something.</summary>
    internal readonly long Grant(uint reference, ushort domain, ulong address, ulong frame, bool readOnly)
    {
        if (!IsUsable(reference))
            return -Errno.Invalid;
        GrantEntryV1* entry = entries + reference;
        if (granted[reference].Address != 0 || Volatile.Read(ref *(uint*)entry) << 16 != 0)
            return -Errno.Busy;
        granted[reference].Address = address;
        entry->Frame = (uint)frame;
        // Domain and flags become visible together, and after the frame.
        uint flags = GrantEntryFlag.PermitAccess | (readOnly ? GrantEntryFlag.Readonly : 0u);
        Volatile.Write(ref *(uint*)entry, (uint)domain << 16 | flags);
        return 0;
    }

    /// <summary>Ends a grant. 0; EINVAL; ENXIO if nothing is granted; EBUSY while the page is mapped.</summary>
    /// <param name="reference">The entry.</param>
    /// <param name="address">The page that was granted.</param>
    internal readonly long End(uint reference, out ulong address)
    {
        address = 0;
        if (!IsUsable(reference))
            return -Errno.Invalid;
        if (granted[reference].Address == 0)
            return -Errno.NoDevice;
        if (granted[reference].OwnMappings != 0)
            return -Errno.Busy;
        ref int word = ref *(int*)(entries + reference);
        for (; ; )
        {
            int seen = Volatile.Read(ref word);
            if ((seen & (GrantEntryFlag.Reading | GrantEntryFlag.Writing)) != 0)
                return -Errno.Busy;
            if (Interlocked.CompareExchange(ref word, seen & ~0xFFFF, seen) == seen)
                break;
        }
        address = granted[reference].Address;
        granted[reference].Address = 0;
        return 0;
    }

    /// <summary>Takes out the next page that was granted, without a look at its entry, which Xen has emptied; 0 when there is none left.</summary>
    /// <param name="reference">Where to go on: 0 at first.</param>
    internal readonly ulong Forget(ref uint reference)
    {
        for (; reference < Count; reference++)
        {
            ulong address = granted[reference].Address;
            if (address == 0)
                continue;
            granted[reference] = default;
            return address;
        }
        return 0;
    }

    /// <summary>Notes a mapping of this domain's own grant. The status that Xen would give, and the page.</summary>
    /// <param name="reference">The entry.</param>
    /// <param name="domain">This domain, as the entry must name it.</param>
    /// <param name="readOnly">The mapping will only be read.</param>
    /// <param name="address">The page.</param>
    internal readonly int MapOwn(uint reference, ushort domain, bool readOnly, out ulong address)
    {
        address = 0;
        if (reference >= Count)
            return GrantStatus.BadReference;
        // What the toolstack granted at the start is not for this domain either.
        if (granted[reference].Address == 0)
            return GrantStatus.GeneralError;
        uint word = Volatile.Read(ref *(uint*)(entries + reference));
        if (word >> 16 != domain || !readOnly && (word & GrantEntryFlag.Readonly) != 0)
            return GrantStatus.GeneralError;
        if (granted[reference].OwnMappings == uint.MaxValue)
            return GrantStatus.NoSpace;
        granted[reference].OwnMappings++;
        address = granted[reference].Address;
        return GrantStatus.Okay;
    }

    /// <summary>Takes back what <see cref="MapOwn"/> noted.</summary>
    internal readonly void UnmapOwn(uint reference) => granted[reference].OwnMappings--;
}
