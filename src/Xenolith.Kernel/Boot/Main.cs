// The kernel's first C# code: from the boot stack to the program's entry point. The order is explained in ARCHITECTURE.md.
using System.Runtime;
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Entropy;
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Boot;

internal static unsafe class KernelMain
{
    /// <summary>The monotonic time of the guest's first instruction.</summary>
    internal static ulong EntryTime { get; private set; }

    [RuntimeExport("xl_main")]
    private static void Start(HvmStartInfo* startInfo, BootRecord* record)
    {
        PerCpu.Initialize();
        DescriptorTables.Initialize();
        if (!Hypervisor.Detect())
        {
            Log.Line("not started by Xen: this image is a Xen PVH guest kernel; start it with xl or with `xenolith run`");
            Asm.HaltForever();
        }
        StartInfo.Read(startInfo);
        Features.Initialize(record);

        PageTables.Initialize(Asm.RootTable);
        Frames.Initialize(StartInfo.MemoryMap, StartInfo.MemoryMapCount);
        Balloon.Initialize();
        Hypervisor.Initialize();
        EventChannels.Initialize();
        ConsoleRing.Initialize();
        AddressSpace.Initialize();
        Commit.Initialize();
        Clock.MarkStart();
        EntryTime = Clock.At(record->EntryTimestamp);
        Timers.Initialize();
        EntropyPool.Initialize(record->EntryTimestamp);
        AddressSpace.Randomize();
        // From here on, functions that return find another cookie than the one they began with; this one never returns.
        EntropyPool.Fill(new System.Span<byte>(Asm.SecurityCookie, sizeof(ulong)));
        DescriptorTables.EnableSyscall();
        FileTable.Initialize();
        EventChannels.Enable(Hypervisor.TimerPort);

        ProgramStart.Enter();
    }

    /// <summary>Assembly calls this name; C# needs an entry point of its own, which nothing calls.</summary>
    private static void Main() { }
}
