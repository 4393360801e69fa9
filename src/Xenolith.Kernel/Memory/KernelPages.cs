// Memory of the kernel's own at addresses of its choice, for tables that grow a page at a time and are indexed as one array. It stays.
using Xenolith.Kernel.Cpu;

namespace Xenolith.Kernel.Memory;

internal static unsafe class KernelPages
{
    /// <summary>Sees to it that there is a page at an address, zeroed when it is new; false if there is no memory.</summary>
    internal static bool Add(ulong address)
    {
        ulong* entry = PageTables.Find(address, create: true);
        if (entry == null)
            return false;
        if (*entry != 0)
            return true;
        ulong frame = Frames.AllocateZeroed();
        if (frame == 0)
            return false;
        *entry = frame | PageTables.Present | PageTables.Writable | PageTables.NoExecute;
        return true;
    }
}
