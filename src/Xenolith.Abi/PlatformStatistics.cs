// The platform ABI: what the kernel counts. The functions that fill these answer 0, or -38 (ENOSYS) where the program runs as a Linux process.

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>
/// Where the domain's memory is, in bytes; filled by <c>int xl_memory_info(MemoryInfo*)</c>, which only copies counters. <see cref="Free"/>,
/// <see cref="Image"/>, <see cref="Program"/>, <see cref="Shared"/>, <see cref="PageTables"/>, <see cref="Threads"/> and <see cref="Kernel"/> add up
/// to <see cref="Total"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct MemoryInfo
{
    /// <summary>RAM of the domain that is there.</summary>
    public ulong Total;

    /// <summary>RAM that nobody uses.</summary>
    public ulong Free;

    /// <summary>The image as it lies in memory: code, constants, data of the program, of the runtime and of the kernel.</summary>
    public ulong Image;

    /// <summary>Memory of the program that it has touched: heaps, stacks, other mappings.</summary>
    public ulong Program;

    /// <summary>Pages that can be granted to other domains.</summary>
    public ulong Shared;

    /// <summary>Page tables.</summary>
    public ulong PageTables;

    /// <summary>The kernel's side of threads: their kernel stacks and structures.</summary>
    public ulong Threads;

    /// <summary>The kernel's other objects, files in memory among them, its account of the RAM, and the RAM that it leaves alone.</summary>
    public ulong Kernel;

    /// <summary>What is promised: writable memory of the program, touched or not.</summary>
    public ulong Committed;

    /// <summary>What can be promised. Stacks and the kernel may go beyond it, into a reserve.</summary>
    public ulong CommitLimit;

    /// <summary>RAM that can be there: all that the memory map names.</summary>
    public ulong Maximum;
}

/// <summary>The free memory by the size of its blocks; filled by <c>int xl_memory_blocks(MemoryBlocks*)</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct MemoryBlocks
{
    /// <summary>Orders of blocks: 4 KiB, 8 KiB, ..., 2 MiB.</summary>
    public const int Orders = 10;

    /// <summary>Free blocks of 4 KiB * 2^n, at index n. A block is counted once, as the largest that it is part of.</summary>
    public fixed ulong Free[Orders];
}

/// <summary>What the scheduler did since the start; filled by <c>int xl_scheduler_info(SchedulerInfo*)</c>, with one hypercall.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedulerInfo
{
    /// <summary>Threads that there are.</summary>
    public uint Threads;

    /// <summary>Threads that could run and wait for the CPU.</summary>
    public uint Runnable;

    /// <summary>Switches from one thread to another.</summary>
    public ulong Switches;

    /// <summary>Times that Xen interrupted the domain with events.</summary>
    public ulong Upcalls;

    /// <summary>Times that the timer fired.</summary>
    public ulong TimerInterrupts;

    /// <summary>Nanoseconds on a physical CPU (<see cref="Runstate.Running"/>).</summary>
    public ulong RunningTime;

    /// <summary>Nanoseconds in which there was work, but no physical CPU (<see cref="Runstate.Runnable"/>).</summary>
    public ulong StolenTime;

    /// <summary>Nanoseconds without work (<see cref="Runstate.Blocked"/>).</summary>
    public ulong IdleTime;

    /// <summary>Nanoseconds in which the domain was paused (<see cref="Runstate.Offline"/>).</summary>
    public ulong OfflineTime;
}
