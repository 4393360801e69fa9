// The process as a whole: its identity, memory figures, limits and random numbers.
using System;
using Xenolith.Kernel.Boot;
using Xenolith.Kernel.Entropy;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Linux;

internal static unsafe class ProcessCalls
{
    internal const int ProcessId = 1;
    private const ulong Infinity = ulong.MaxValue;
    private const ulong RusageThread = 1;
    private const ulong LimitStack = 3, LimitProcesses = 6, LimitFiles = 7, HighestLimit = 15;

    /// <summary>uname(2): says Linux, because programs choose their code paths by it; the release names the kernel.</summary>
    internal static long Uname(ulong address)
    {
        const int field = 65, fields = 6;
        if (!UserMemory.IsWritable(address, field * fields))
            return -Errno.Fault;
        Cpu.Asm.Fill((void*)address, 0, field * fields);
        Copy(address, "Linux"u8);
        Copy(address + field, "xenolith"u8);
        Copy(address + 2 * field, "6.1.0-xenolith"u8);
        Copy(address + 3 * field, "Xenolith 0.1"u8);
        Copy(address + 4 * field, "x86_64"u8);
        return 0;
    }

    /// <summary>sysinfo(2): what the garbage collector sizes itself by.</summary>
    internal static long SystemInfo(ulong address)
    {
        const int size = 112;
        if (!UserMemory.IsWritable(address, size))
            return -Errno.Fault;
        Cpu.Asm.Fill((void*)address, 0, size);
        *(ulong*)address = Clock.Now() / Clock.NanosecondsPerSecond;
        *(ulong*)(address + 32) = StartInfo.Ram / Layout.PageSize;
        *(ulong*)(address + 40) = Commit.Available;
        *(ushort*)(address + 80) = (ushort)ThreadTable.Count;
        *(uint*)(address + 104) = (uint)Layout.PageSize; // mem_unit: the figures above are in pages
        return 0;
    }

    /// <summary>getrusage(2): all time is user time, the thread's own or that of all threads; the memory is what is charged.</summary>
    internal static long ResourceUsage(ulong who, ulong address)
    {
        const int size = 144;
        if (!UserMemory.IsWritable(address, size))
            return -Errno.Fault;
        Cpu.Asm.Fill((void*)address, 0, size);
        ulong microseconds = (who == RusageThread ? Scheduler.RunTime(Thread.Current) : Scheduler.BusyTime()) / 1000;
        ((ulong*)address)[0] = microseconds / 1_000_000;
        ((ulong*)address)[1] = microseconds % 1_000_000;
        ((ulong*)address)[4] = Commit.Charged * Layout.PageSize / 1024;
        return 0;
    }

    internal static long GetLimit(ulong resource, ulong address)
    {
        if (resource > HighestLimit)
            return -Errno.Invalid;
        if (address == 0)
            return 0;
        if (!UserMemory.IsWritable(address, 16))
            return -Errno.Fault;
        ulong value = resource switch
        {
            LimitStack => ProgramStart.StackSize,
            LimitProcesses => ThreadTable.MaximumThreads,
            LimitFiles => Files.FileTable.Capacity,
            _ => Infinity,
        };
        ((ulong*)address)[0] = value;
        ((ulong*)address)[1] = value;
        return 0;
    }

    /// <summary>getrandom(2): never blocks, the pool is seeded at boot.</summary>
    internal static long Random(ulong buffer, ulong length)
    {
        if (length > 0x7FFF_F000)
            length = 0x7FFF_F000;
        if (!UserMemory.IsWritable(buffer, length))
            return -Errno.Fault;
        EntropyPool.Fill(new Span<byte>((void*)buffer, (int)length));
        return (long)length;
    }

    private static void Copy(ulong address, ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
            ((byte*)address)[i] = text[i];
    }
}
