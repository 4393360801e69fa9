// The pages that the kernel shares with Xen and its back ends: guest frames outside RAM, mapped for the life of the domain.
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;

namespace Xenolith.Kernel.Memory;

internal static unsafe class DeviceWindow
{
    private const ulong Flags = PageTables.Writable | PageTables.NoExecute | PageTables.Borrowed;

    private static ulong used;

    /// <summary>Maps a guest frame read-write and never executable. The content belongs to the other side: read once, then check.</summary>
    internal static void* Map(ulong guestFrame)
    {
        ulong address = Layout.DeviceWindow + used;
        used += Layout.PageSize;
        if (!PageTables.Map(address, guestFrame << 12, Flags))
            Panic.Stop("no memory to map a page of Xen's");
        return (void*)address;
    }

    /// <summary>Lets the place of a page that was mapped here show another guest frame.</summary>
    internal static void Change(void* address, ulong guestFrame)
    {
        *PageTables.Find((ulong)address, create: false) = guestFrame << 12 | PageTables.Present | Flags;
        Asm.InvalidatePage((ulong)address);
    }
}
