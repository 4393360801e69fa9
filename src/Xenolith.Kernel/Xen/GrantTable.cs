// The grant table: taken into use by the first call that needs it, grown a frame at a time. GrantEntries.cs has what happens to an entry.
using System.Runtime.CompilerServices;
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;
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
        if (!ReadMaximum())
            return -Errno.Invalid;
        entries = new GrantEntries((GrantEntryV1*)Layout.GrantTable, (GrantedPage*)Layout.GrantedPages);
        return Grow();
    }

    /// <summary>
    /// In a new domain after a resume, whose table is as new: brings it to its place, and forgets all grants. A host that lets the domain have less
    /// of it makes it smaller.
    /// </summary>
    internal static void Resume()
    {
        if (frames == 0)
            return;
        uint reference = 0;
        for (ulong address = entries.Forget(ref reference); address != 0; address = entries.Forget(ref reference))
            GrantCount.Decrease(ref *AddressSpace.FindIoPage(address));
        uint before = frames;
        frames = 0;
        bool isThere = ReadMaximum();
        while (isThere && frames < before && frames < framesMaximum && AddFrame() == 0)
            frames++;
        if (frames == 0)
            Panic.Stop("the domain has lost its grant table");
        for (uint lost = frames; lost < before; lost++)
        {
            ulong address = Layout.GrantTable + lost * Layout.PageSize;
            *PageTables.Find(address, create: false) = 0;
            Asm.InvalidatePage(address);
        }
        entries.Count = frames * EntriesPerFrame;
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
        if (!KernelPages.Add(known) || !KernelPages.Add(known + Layout.PageSize) || AddFrame() != 0)
        {
            Commit.Uncharge(knownPages);
            return -Errno.NoMemory;
        }
        *entry = Hypervisor.GrantTableFrame + frames << 12 | PageTables.Present | PageTables.Writable | PageTables.NoExecute | PageTables.Borrowed;
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

    /// <summary>Asks Xen how large the table can become. False if there is none.</summary>
    private static bool ReadMaximum()
    {
        GnttabQuerySize query = default;
        query.Dom = DomainId.Self;
        query.Status = GrantStatus.GeneralError;
        if (Hypercalls.Call(Abi.Hypercall.GrantTableOp, GrantTableOp.QuerySize, (ulong)&query, 1) != 0 || query.Status != GrantStatus.Okay)
            return false;
        framesMaximum = query.MaxNrFrames < FramesMaximum ? query.MaxNrFrames : FramesMaximum;
        return true;
    }

    /// <summary>Has Xen put the table's next frame at its place among the guest frames.</summary>
    private static long AddFrame()
    {
        XenAddToPhysmap argument = default;
        argument.Domid = DomainId.Self;
        argument.Space = PhysmapSpace.GrantTable;
        argument.Idx = frames;
        argument.Gpfn = Hypervisor.GrantTableFrame + frames;
        return Hypercalls.Call(Abi.Hypercall.MemoryOp, MemoryOp.AddToPhysmap, (ulong)&argument);
    }
}
