// Where memory is, in a few lines: the domain's, the image's, and what lies at an address.
using Xenolith.Kernel.Boot;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;

namespace Xenolith.Kernel.Diagnostics;

internal static unsafe class MemoryDump
{
    private const ulong PagesToKib = Layout.PageSize / 1024;

    internal static void Print()
    {
        Log.Begin();
        Log.Text("   memory ");
        Log.Decimal(Frames.Ram >> 10);
        Log.Text(" KiB:");
        Amount(" free ", Frames.FreeCount);
        Amount(", program ", Frames.Used(FrameUse.Program));
        Amount(", files ", Frames.Used(FrameUse.Files));
        Amount(", page tables ", Frames.Used(FrameUse.PageTables));
        Amount(", threads ", Frames.Used(FrameUse.Threads));
        Amount(", shared ", Frames.Used(FrameUse.Shared));
        Amount("; promised ", Commit.Charged);
        Amount(" of ", Commit.Limit);
        Log.End();
        Log.Begin();
        Log.Text("   image:");
        Range(" code ", Asm.TextStart, Asm.KernelTextStart);
        Range(", kernel ", Asm.KernelTextStart, Asm.KernelTextEnd);
        Range(", constants ", Asm.RodataStart, Asm.RodataEnd);
        Range(", data ", Asm.DataStart, Asm.DataEnd);
        Log.End();
    }

    /// <summary>A line about what lies at an address: the program's region, or the kernel's part of the address space.</summary>
    internal static void PrintAddress(string name, ulong address)
    {
        Log.Begin();
        Log.Text("   ");
        Log.Text(name);
        Log.Text(" ");
        Log.Hex(address);
        Log.Text(": ");
        if (address < Layout.ProgramEnd)
            Describe(AddressSpace.RegionOf(address), address);
        else
        {
            Log.Text(KernelPart(address));
            if (!Backtrace.IsReadable(address))
                Log.Text(", nothing is mapped there");
        }
        Log.End();
    }

    private static void Describe(Region* region, ulong address)
    {
        if (region == null)
        {
            Log.Text(address < Layout.PageSize ? "null" : AddressSpace.IsBelowStack(address) ? "below a stack" : "nothing is mapped there");
            return;
        }
        RegionAttributes attributes = region->Attributes;
        Log.Text(attributes.Kind switch
        {
            RegionKind.Image => "image ",
            RegionKind.IoPages => "pages to be granted ",
            RegionKind.Foreign => "another domain's pages ",
            RegionKind.File => "a file ",
            _ => (attributes.Flags & RegionFlags.NoReserve) != 0 ? "stack "
                : attributes.Protection != RegionProtection.None ? "memory "
                : AddressSpace.IsBelowStack(address) ? "the guard below a stack " : "reserved ",
        });
        Range("", region->Start, region->End);
        Log.Text((attributes.Protection & RegionProtection.Read) != 0 ? " R" : " -");
        Log.Text((attributes.Protection & RegionProtection.Write) != 0 ? "W" : "-");
        Log.Text((attributes.Protection & RegionProtection.Execute) != 0 ? "X" : "-");
    }

    private static string KernelPart(ulong address) =>
        address < Layout.DirectMap ? "no address that can be mapped"
        : address < Layout.ThreadSlots ? "the direct map of RAM"
        : ThreadTable.IsGuard(address) ? "the guard below a kernel stack"
        : address < Layout.DeviceWindow ? "kernel stacks"
        : "the device window";

    private static void Range(string name, ulong start, ulong end)
    {
        Log.Text(name);
        Log.Hex(start);
        Log.Text("-");
        Log.Hex(end);
    }

    private static void Amount(string name, ulong pages)
    {
        Log.Text(name);
        Log.Decimal(pages * PagesToKib);
    }
}
