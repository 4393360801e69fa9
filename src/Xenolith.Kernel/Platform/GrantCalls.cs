// xl_page_*, xl_grant_*: checks what the program passes and hands it on in pieces that fit on the kernel stack. Interrupts are off throughout, so
// memory that has been checked stays; each request is copied once.
using Xenolith.Abi;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Tracing;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Platform;

internal static unsafe class GrantCalls
{
    private const int CountMaximum = 1 << 20;

    internal static long AllocatePages(int count) => IsCount(count) ? (long)AddressSpace.MapIoPages((ulong)count) : 0;

    internal static long FreePages(ulong address, int count) => IsCount(count) ? AddressSpace.UnmapIoPages(address, (ulong)count) : -Errno.Invalid;

    internal static long TableSize(ulong size)
    {
        if (!UserMemory.IsWritable(size, (ulong)sizeof(GrantTableSize)))
            return -Errno.Fault;
        long result = GrantTable.Open();
        if (result == 0)
            *(GrantTableSize*)size = GrantTable.Size;
        return result;
    }

    internal static long GrowTable(ulong size)
    {
        if (!UserMemory.IsWritable(size, (ulong)sizeof(GrantTableSize)))
            return -Errno.Fault;
        long result = GrantTable.Open();
        if (result == 0)
            result = GrantTable.Grow();
        if (result == 0)
            *(GrantTableSize*)size = GrantTable.Size;
        return result;
    }

    internal static long Access(ulong requests, int count)
    {
        long result = CheckTable(requests, count, sizeof(GrantAccessRequest));
        if (result != 0)
            return result;
        GrantAccessRequest* all = (GrantAccessRequest*)requests;
        for (int i = 0; i < count; i++)
        {
            GrantAccessRequest request = all[i];
            result = GrantTable.Grant(request);
            all[i].Result = (int)result;
            if (Trace.IsOn(TraceCategory.Grants) && result == 0)
                Trace.Write(TraceKind.GrantAccess, request.Reference, request.Domain, request.Flags == GrantFlag.ReadOnly ? 1u : 0);
        }
        return 0;
    }

    internal static long End(ulong references, ulong results, int count)
    {
        long result = CheckTable(results, count, sizeof(int));
        if (result != 0)
            return result;
        if (!UserMemory.IsReadable(references, (ulong)count * sizeof(uint)))
            return -Errno.Fault;
        for (int i = 0; i < count; i++)
        {
            uint reference = ((uint*)references)[i];
            result = GrantTable.End(reference);
            ((int*)results)[i] = (int)result;
            if (Trace.IsOn(TraceCategory.Grants))
                Trace.Write(TraceKind.GrantEnd, reference, (ulong)-result);
        }
        return 0;
    }

    internal static long Map(ulong requests, int count, uint flags, ulong address)
    {
        long result = CheckArray(requests, count, sizeof(GrantMapRequest));
        if (result != 0)
            return result;
        if (!UserMemory.IsWritable(address, sizeof(ulong)))
            return -Errno.Fault;
        if ((flags & ~(uint)GrantFlag.ReadOnly) != 0)
            return -Errno.Invalid;
        GrantMapRequest first = *(GrantMapRequest*)requests;
        result = ForeignMappings.Map((GrantMapRequest*)requests, count, flags != 0, (ulong*)address);
        if (Trace.IsOn(TraceCategory.Grants) && result == 0)
            Trace.Write(TraceKind.GrantMap, first.Reference, first.Domain, (uint)count);
        return result;
    }

    internal static long Unmap(ulong address, int count)
    {
        long result = IsCount(count) ? ForeignMappings.Unmap(address, (ulong)count) : -Errno.Invalid;
        if (Trace.IsOn(TraceCategory.Grants) && result == 0)
            Trace.Write(TraceKind.GrantUnmap, 0, 0, (uint)count);
        return result;
    }

    internal static long NotifyUnmap(ulong address, long clearOffset, uint port)
    {
        if (port != ForeignMapping.NoPort && !ProgramEvents.IsOpen(port))
            return -Errno.Invalid;
        return ForeignMappings.SetNotification(address, clearOffset, port);
    }

    internal static long Copy(ulong requests, int count)
    {
        long result = CheckArray(requests, count, sizeof(GrantCopyRequest));
        if (result != 0)
            return result;
        GrantCopyRequest* all = (GrantCopyRequest*)requests;
        if (Trace.IsOn(TraceCategory.Grants))
            TraceCopy(all, count);
        for (int done = 0; done < count; done += GrantOperation.Batch)
            GrantCopies.Copy(all + done, count - done < GrantOperation.Batch ? count - done : GrantOperation.Batch);
        return 0;
    }

    private static void TraceCopy(GrantCopyRequest* requests, int count)
    {
        ulong bytes = 0;
        for (int i = 0; i < count; i++)
            bytes += requests[i].Length;
        Trace.Write(TraceKind.GrantCopy, 0, bytes, (uint)count);
    }

    private static bool IsCount(int count) => count is >= 1 and <= CountMaximum;

    private static long CheckArray(ulong address, int count, int size) =>
        !IsCount(count) ? -Errno.Invalid : UserMemory.IsWritable(address, (ulong)count * (ulong)size) ? 0 : -Errno.Fault;

    private static long CheckTable(ulong address, int count, int size)
    {
        long result = CheckArray(address, count, size);
        return result != 0 ? result : GrantTable.Open();
    }
}
