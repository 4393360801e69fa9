// The grant table: taken into use by the first call that needs it, grown a frame at a time. GrantEntries.cs has what happens to an entry.
using System.Runtime.CompilerServices;
using Xenolith.Abi;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Xen;

internal static unsafe class GrantTable
{
    /// <summary>The most frames that the kernel has addresses for; Xen's limit is 64 unless the toolstack says otherwise.</summary>
    internal const uint FramesMaximum = 1024;

    private const uint EntriesPerFrame = (uint)(Layout.PageSize / 8);

    private static GrantEntries entries;
    private static uint frames;
    private static uint framesMaximum;

    /// <summary>The table's entries.</summary>
    internal static GrantEntries* Entries => (GrantEntries*)Unsafe.AsPointer(ref entries);

    /// <summary>Takes the table into use. 0 or a negative errno.</summary>
    internal static long Open()
    {
        if (frames != 0)
            return 0;
        GnttabQuerySize query = default;
        query.Dom = DomainId.Self;
        query.Status = GrantStatus.GeneralError;
        if (Hypercalls.Call(Abi.Hypercall.GrantTableOp, GrantTableOp.QuerySize, (ulong)&query, 1) != 0 || query.Status != GrantStatus.Okay)
            return -Errno.Invalid;
        framesMaximum = query.MaxNrFrames < FramesMaximum ? query.MaxNrFrames : FramesMaximum;
        entries = new GrantEntries((GrantEntryV1*)Layout.GrantTable, (GrantedPage*)Layout.GrantedPages);
        return Grow();
    }

    /// <summary>Adds a frame to the table. 0; ENOSPC at Xen's limit; ENOMEM.</summary>
    internal static long Grow()
    {
        if (frames >= framesMaximum)
            return -Errno.NoSpace;
        // First all that the kernel needs, which stays for the next try where it fails half-way.
        const ulong knownPages = EntriesPerFrame * 16 / Layout.PageSize;
        ulong known = Layout.GrantedPages + frames * knownPages * Layout.PageSize;
        ulong* entry = PageTables.Find(Layout.GrantTable + frames * Layout.PageSize, create: true);
        if (entry == null || !Commit.TryCharge(knownPages))
            return -Errno.NoMemory;
        XenAddToPhysmap argument = default;
        argument.Domid = DomainId.Self;
        argument.Space = PhysmapSpace.GrantTable;
        argument.Idx = frames;
        argument.Gpfn = Hypervisor.GrantTableFrame + frames;
        if (!KernelPages.Add(known) || !KernelPages.Add(known + Layout.PageSize)
            || Hypercalls.Call(Abi.Hypercall.MemoryOp, MemoryOp.AddToPhysmap, (ulong)&argument) != 0)
        {
            Commit.Uncharge(knownPages);
            return -Errno.NoMemory;
        }
        *entry = argument.Gpfn << 12 | PageTables.Present | PageTables.Writable | PageTables.NoExecute | PageTables.Borrowed;
        frames++;
        entries.Count = frames * EntriesPerFrame;
        return 0;
    }

    /// <summary>The table's size.</summary>
    internal static GrantTableSize Size
    {
        get
        {
            GrantTableSize size;
            size.FirstUsable = GrantReserved.Entries;
            size.Current = entries.Count;
            size.Maximum = framesMaximum * EntriesPerFrame;
            return size;
        }
    }

    /// <summary>Grants a page of xl_page_allocate. 0 or a negative errno.</summary>
    internal static long Grant(in GrantAccessRequest request)
    {
        ulong* page = (request.Address & Layout.PageMask) == 0 ? AddressSpace.FindIoPage(request.Address) : null;
        if (page == null || (request.Flags & ~GrantFlag.ReadOnly) != 0)
            return -Errno.Invalid;
        if (!GrantCount.TryIncrease(ref *page))
            return -Errno.NoSpace;
        ulong frame = (*page & PageTables.AddressMask) >> 12;
        long result = Entries->Grant(request.Reference, request.Domain, request.Address, frame, request.Flags == GrantFlag.ReadOnly);
        if (result != 0)
            GrantCount.Decrease(ref *page);
        return result;
    }

    /// <summary>Ends a grant. 0 or a negative errno.</summary>
    internal static long End(uint reference)
    {
        long result = Entries->End(reference, out ulong address);
        if (result == 0)
            GrantCount.Decrease(ref *AddressSpace.FindIoPage(address));
        return result;
    }
}
