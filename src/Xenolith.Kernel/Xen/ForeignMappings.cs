// Other domains' pages in this one's address space: xl_grant_map and its kin.
//
//   address of the window ----> guest frame (ForeignFrames.cs), fixed ----> Xen's mapping of the granted page
//          |                                                                      |
//        region, with its owner, a ForeignMapping                       handle, in an array by page of the window
//
// A page table entry is there exactly while Xen has the page mapped, so that an unmap finds what a map that failed has left. The addresses of a page
// that Xen has refused to unmap are never used again: Xen ends a domain that maps something over its frame.
using System.Runtime.CompilerServices;
using Xenolith.Abi;
using Xenolith.Kernel.Boot;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Xen;

internal static unsafe class ForeignMappings
{
    // In place of a handle: the mapping of this domain's own grant, whose reference the other bits are.
    private const uint Own = 1u << 31;
    // The same where nothing is mapped any more: the page of before a resume.
    private const uint Gone = uint.MaxValue;
    // Page tables and handles of a large mapping take less than a page for so many; a small one shares them with others.
    private const int OverheadShift = 8;

    private static ObjectPool pool;
    private static UnmapNotifications notifications;
    private static ulong firstFrame;
    private static ulong windowPages;
    private static int ownDomain;
    // What code that still holds a span sees after a resume: a page of zeroes, and one for writing that nobody reads.
    private static ulong zeroFrame, sinkFrame;

    /// <summary>Maps grants at contiguous pages, all or none. 0 or a negative errno; EINVAL if Xen refused one, whose result says why.</summary>
    /// <param name="requests">In the program's memory, checked to be writable.</param>
    /// <param name="count">At least 1.</param>
    /// <param name="readOnly">The pages will only be read.</param>
    /// <param name="address">The first page; written only if all are mapped.</param>
    internal static long Map(GrantMapRequest* requests, int count, bool readOnly, ulong* address)
    {
        if (!Open())
            return -Errno.NoMemory;
        ulong pages = (ulong)count;
        if (!Commit.TryCharge(pages >> OverheadShift))
            return -Errno.NoMemory;
        ForeignMapping* mapping = (ForeignMapping*)pool.Take((uint)sizeof(ForeignMapping));
        ulong start = mapping == null ? 0 : AddressSpace.ReserveForeign(pages, readOnly, mapping, windowPages);
        if (start == 0)
        {
            if (mapping != null)
                pool.Return(mapping);
            Commit.Uncharge(pages >> OverheadShift);
            return -Errno.NoMemory;
        }
        *mapping = default;
        mapping->Port = ForeignMapping.NoPort;

        int done = 0;
        long result = 0;
        while (done < count && result == 0)
        {
            int batch = count - done < GrantOperation.Batch ? count - done : GrantOperation.Batch;
            result = MapBatch(requests + done, batch, readOnly, start + (ulong)done * Layout.PageSize);
            done += batch;
        }
        if (result == 0)
        {
            *address = start;
            return 0;
        }
        // What was not tried failed as little as what is undone now.
        for (int i = done; i < count; i++)
            requests[i].Result = GrantStatus.Okay;
        End(mapping, start, pages);
        return result;
    }

    /// <summary>Ends a mapping as a whole. 0; EINVAL if there is none; or the first error of Xen's, and then its addresses are lost.</summary>
    internal static long Unmap(ulong start, ulong pages)
    {
        Region* region = AddressSpace.FindForeign(start);
        ForeignMapping* mapping = region == null ? null : (ForeignMapping*)region->Attributes.Tag;
        if (mapping == null || region->End - start != pages * Layout.PageSize || mapping->IsBroken)
            return -Errno.Invalid;
        Notify(mapping);
        return End(mapping, start, pages);
    }

    /// <summary>What to do when a mapping ends. 0; EINVAL if there is none, for a byte outside of it and for one that may only be read.</summary>
    /// <param name="start">The mapping's first page.</param>
    /// <param name="clearOffset">The byte to clear; -1 for none.</param>
    /// <param name="port">The port to notify, which the caller has checked; <see cref="ForeignMapping.NoPort"/> for none.</param>
    internal static long SetNotification(ulong start, long clearOffset, uint port)
    {
        Region* region = AddressSpace.FindForeign(start);
        ForeignMapping* mapping = region == null ? null : (ForeignMapping*)region->Attributes.Tag;
        if (mapping == null || mapping->IsBroken)
            return -Errno.Invalid;
        byte* clear = null;
        if (clearOffset != -1)
        {
            if (clearOffset < 0 || (ulong)clearOffset >= region->End - start || (region->Attributes.Protection & RegionProtection.Write) == 0)
                return -Errno.Invalid;
            clear = (byte*)start + clearOffset;
        }
        notifications.Set(mapping, clear, port);
        return 0;
    }

    /// <summary>At the end of the program: tells every other side that nobody is here any more. Works in a panic.</summary>
    internal static void NotifyAll()
    {
        while (notifications.First != null)
            Notify(notifications.First);
    }

    private static void Notify(ForeignMapping* mapping)
    {
        uint port = notifications.Complete(mapping);
        if (port != ForeignMapping.NoPort)
            ProgramEvents.Notify(port); // refused if the program has closed it meanwhile
    }

    /// <summary>
    /// After a resume, which leaves nothing of what was mapped: the pages stay for those who hold a span of them until it is unmapped, which then is
    /// a matter of addresses only. Nobody is notified of anything any more.
    /// </summary>
    internal static void Resume()
    {
        if (windowPages == 0)
            return;
        ownDomain = Hypervisor.DomainNumber();
        while (notifications.First != null)
            notifications.Remove(notifications.First);
        for (Region* region = AddressSpace.NextForeign(AddressSpace.ForeignBase); region != null; region = AddressSpace.NextForeign(region->End))
        {
            for (ulong page = region->Start; page < region->End; page += Layout.PageSize)
            {
                ulong* entry = PageTables.Find(page, create: false);
                if (entry == null || *entry == 0)
                    continue;
                *entry = *entry & ~PageTables.AddressMask | ((*entry & PageTables.Writable) == 0 ? zeroFrame : sinkFrame);
                *HandleOf(page) = Gone;
            }
        }
        Asm.FlushTranslations();
    }

    private static bool Open()
    {
        if (windowPages != 0)
            return true;
        zeroFrame = zeroFrame != 0 ? zeroFrame : Frames.AllocateZeroed();
        sinkFrame = sinkFrame != 0 ? sinkFrame : Frames.AllocateZeroed();
        if (zeroFrame == 0 || sinkFrame == 0)
            return false;
        firstFrame = ForeignFrames.First(StartInfo.MemoryMap, StartInfo.MemoryMapCount);
        windowPages = ForeignFrames.Count(firstFrame, Features.PhysicalAddressBits(), Layout.ForeignWindowPages);
        ownDomain = Hypervisor.DomainNumber();
        return true;
    }

    /// <summary>Maps up to <see cref="GrantOperation.Batch"/> grants and writes their results; what succeeded has a page table entry.</summary>
    private static long MapBatch(GrantMapRequest* requests, int count, bool readOnly, ulong start)
    {
        if (!MakeRoom(start, start + (ulong)count * Layout.PageSize))
        {
            for (int i = 0; i < count; i++)
                requests[i].Result = GrantStatus.Okay;
            return -Errno.NoMemory;
        }

        GnttabMapGrantRef* operations = stackalloc GnttabMapGrantRef[GrantOperation.Batch];
        int* parts = stackalloc int[GrantOperation.Batch];
        int prepared = 0;
        long result = 0;
        ulong flags = AddressSpace.ForeignPageFlags(readOnly);
        for (int i = 0; i < count; i++)
        {
            GrantMapRequest request = requests[i];
            ulong page = start + (ulong)i * Layout.PageSize;
            if (request.Domain == ownDomain)
            {
                int status = MapOwn(request, readOnly, page, flags);
                requests[i].Result = status;
                if (status != GrantStatus.Okay)
                    result = -Errno.Invalid;
                continue;
            }
            GnttabMapGrantRef* operation = operations + prepared;
            *operation = default;
            operation->HostAddr = FrameOf(page) << 12;
            operation->Flags = GrantMapFlag.HostMap | (readOnly ? GrantMapFlag.Readonly : 0);
            operation->Ref = request.Reference;
            operation->Dom = request.Domain;
            operation->Status = GrantStatus.GeneralError;
            parts[prepared++] = i;
        }
        GrantOperation.Call(GrantTableOp.MapGrantRef, operations, prepared);
        for (int i = 0; i < prepared; i++)
        {
            GnttabMapGrantRef* operation = operations + i;
            GrantOperation.Retry(GrantTableOp.MapGrantRef, operation, &operation->Status);
            requests[parts[i]].Result = operation->Status;
            if (operation->Status == GrantStatus.Okay)
                Enter(start + (ulong)parts[i] * Layout.PageSize, operation->HostAddr | flags, operation->Handle);
            else
                result = -Errno.Invalid;
        }
        return result;
    }

    /// <summary>Sees to it that there are page tables and room for handles; false if there is no memory.</summary>
    private static bool MakeRoom(ulong start, ulong end)
    {
        for (ulong handles = Layout.RoundDown((ulong)HandleOf(start)); handles < (ulong)HandleOf(end); handles += Layout.PageSize)
            if (!KernelPages.Add(handles))
                return false;
        for (ulong page = start; page < end; page += Layout.PageSize)
            if (PageTables.Find(page, create: true) == null)
                return false;
        return true;
    }

    private static int MapOwn(in GrantMapRequest request, bool readOnly, ulong page, ulong flags)
    {
        int status = GrantTable.Entries->MapOwn(request.Reference, (ushort)ownDomain, readOnly, out ulong granted);
        if (status == GrantStatus.Okay)
            Enter(page, *AddressSpace.FindIoPage(granted) & PageTables.AddressMask | flags, Own | request.Reference);
        return status;
    }

    private static void Enter(ulong page, ulong entry, uint handle)
    {
        *HandleOf(page) = handle;
        *PageTables.Find(page, create: false) = entry;
    }

    /// <summary>Unmaps what is mapped of a mapping and gives it back. 0, or Xen's first error.</summary>
    private static long End(ForeignMapping* mapping, ulong start, ulong pages)
    {
        long result = 0;
        ulong end = start + pages * Layout.PageSize;
        for (ulong page = start; page < end; page += GrantOperation.Batch * Layout.PageSize)
        {
            ulong left = (end - page) / Layout.PageSize;
            long error = UnmapBatch(page, left < GrantOperation.Batch ? (int)left : GrantOperation.Batch);
            if (result == 0)
                result = error;
        }
        if (result == 0)
        {
            AddressSpace.ReleaseForeign(start, pages);
            Commit.Uncharge(pages >> OverheadShift);
            pool.Return(mapping);
        }
        else
        {
            mapping->IsBroken = true;
            AddressSpace.AbandonForeign(start, pages);
        }
        return result;
    }

    private static long UnmapBatch(ulong start, int count)
    {
        GnttabUnmapGrantRef* operations = stackalloc GnttabUnmapGrantRef[GrantOperation.Batch];
        ulong* pages = stackalloc ulong[GrantOperation.Batch];
        int prepared = 0;
        for (int i = 0; i < count; i++)
        {
            ulong page = start + (ulong)i * Layout.PageSize;
            ulong* entry = PageTables.Find(page, create: false);
            if (entry == null || *entry == 0)
                continue;
            uint handle = *HandleOf(page);
            if ((handle & Own) != 0)
            {
                if (handle != Gone)
                    GrantTable.Entries->UnmapOwn(handle & ~Own);
                Leave(page, entry);
                continue;
            }
            GnttabUnmapGrantRef* operation = operations + prepared;
            *operation = default;
            operation->HostAddr = FrameOf(page) << 12;
            operation->Handle = handle;
            operation->Status = GrantStatus.GeneralError;
            pages[prepared++] = page;
        }
        GrantOperation.Call(GrantTableOp.UnmapGrantRef, operations, prepared);
        long result = 0;
        for (int i = 0; i < prepared; i++)
        {
            if (operations[i].Status == GrantStatus.Okay)
                Leave(pages[i], PageTables.Find(pages[i], create: false));
            else if (result == 0)
                result = GrantOperation.ToErrno(operations[i].Status);
        }
        return result;
    }

    private static void Leave(ulong page, ulong* entry)
    {
        *entry = 0;
        Asm.InvalidatePage(page);
    }

    private static ulong FrameOf(ulong page) => firstFrame + (page - AddressSpace.ForeignBase >> 12);

    private static uint* HandleOf(ulong page) => (uint*)Layout.GrantHandles + (page - AddressSpace.ForeignBase >> 12);
}
