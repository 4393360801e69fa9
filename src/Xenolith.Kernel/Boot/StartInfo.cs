// start-info: what the domain builder leaves for the guest. Copied and checked before any frame is handed out, because it lies in
// plain RAM right behind the image (Xen: arch-x86/hvm/start_info.h).
using System;
using System.Runtime.CompilerServices;
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Boot;

internal static unsafe class StartInfo
{
    internal const int CommandLineCapacity = 4096;
    internal const int MemoryMapCapacity = 32;
    internal const int ModuleCapacity = 4;
    // What the boot page tables map.
    private const ulong Reachable = 1ul << 30;

    private struct Copies
    {
        internal fixed byte CommandLine[CommandLineCapacity];
        internal fixed ulong Map[MemoryMapCapacity * 3];
        internal fixed ulong Modules[ModuleCapacity * 4];
    }

    private static Copies copies;

    internal static HvmMemmapTableEntry* MemoryMap => (HvmMemmapTableEntry*)Here->Map;
    internal static int MemoryMapCount { get; private set; }
    /// <summary>
    /// Bytes of RAM in the memory map: what the domain can have, the image's place included. <see cref="Memory.Frames.Ram"/> is what it has.
    /// </summary>
    internal static ulong Ram { get; private set; }
    internal static HvmModlistEntry* Modules => (HvmModlistEntry*)Here->Modules;
    internal static int ModuleCount { get; private set; }
    /// <summary>The command line with its NUL.</summary>
    internal static Span<byte> CommandLine => new(Here->CommandLine, commandLineLength + 1);
    private static int commandLineLength;

    private static Copies* Here => (Copies*)Unsafe.AsPointer(ref copies);

    internal static void Read(HvmStartInfo* info)
    {
        if ((ulong)info == 0 || (ulong)info >= Reachable - (ulong)sizeof(HvmStartInfo) || info->Magic != HvmStartInfo.MagicValue)
            Panic.Refuse("the start info is corrupt (no magic number): was this domain started with type=\"pvh\"?");
        if (info->Version < 1)
            Panic.Refuse("the start info has no memory map (version 0): Xen 4.11 or newer is needed");
        ReadMemoryMap(info->MemmapPaddr, info->MemmapEntries);
        ReadModules(info->ModlistPaddr, info->NrModules);
        ReadCommandLine(info->CmdlinePaddr);
    }

    private static void ReadMemoryMap(ulong address, uint entries)
    {
        if (entries == 0 || entries > MemoryMapCapacity || address == 0 || address >= Reachable - MemoryMapCapacity * 24)
            Panic.Refuse("the start info is corrupt (memory map)");
        HvmMemmapTableEntry* source = (HvmMemmapTableEntry*)address;
        ulong ram = 0;
        for (int i = 0; i < (int)entries; i++)
        {
            MemoryMap[i] = source[i];
            if (MemoryMap[i].Addr + MemoryMap[i].Size < MemoryMap[i].Addr)
                Panic.Refuse("the start info is corrupt (a memory range wraps)");
            if (MemoryMap[i].Type == HvmMemmapType.Ram)
                ram += MemoryMap[i].Size;
        }
        MemoryMapCount = (int)entries;
        Ram = ram;

        // The image, the kernel's own tables and stacks, and what the .NET runtime commits before Main.
        const ulong runtimeNeeds = 7 << 20;
        ulong needed = Asm.DataEnd - Asm.ImageStart + runtimeNeeds;
        long given = Hypercalls.CurrentReservation();
        if (given > 0 && (ulong)given << 12 < ram)
            ram = (ulong)given << 12; // maxmem= is more than memory=
        if (ram < needed)
        {
            Log.Begin();
            Log.Text("cannot start: the domain has ");
            Log.Decimal(ram >> 20);
            Log.Text(" MiB of memory and this program needs at least ");
            Log.Decimal(needed + (1 << 20) - 1 >> 20);
            Log.Text(" MiB: raise memory= in its configuration");
            Log.End();
            Panic.Crash();
        }
    }

    private static void ReadModules(ulong address, uint count)
    {
        if (count == 0)
            return;
        if (count > ModuleCapacity || address == 0 || address >= Reachable - ModuleCapacity * 32)
            Panic.Refuse("the start info is corrupt (module list)");
        for (int i = 0; i < (int)count; i++)
            Modules[i] = ((HvmModlistEntry*)address)[i];
        ModuleCount = (int)count;
    }

    private static void ReadCommandLine(ulong address)
    {
        if (address == 0)
            return;
        if (address >= Reachable - CommandLineCapacity)
            Panic.Refuse("the start info is corrupt (command line)");
        byte* source = (byte*)address;
        int length = 0;
        while (source[length] != 0)
        {
            if (length == CommandLineCapacity - 1)
                Panic.Refuse("the command line is longer than 4095 bytes");
            Here->CommandLine[length] = source[length];
            length++;
        }
        commandLineLength = length;
    }
}
