// Physical memory for tests: a reservation of address space as the direct map, which faults until the allocator asks for it.

using System.Runtime.InteropServices;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Tests.Memory;

internal sealed unsafe partial class SimulatedRam : IDisposable
{
    private const int ReadWrite = 3;
    private const int PrivateAnonymousNoReserve = 0x4022;

    // The allocator's callback is a plain function, so the memory that it means is the one of the test running on this thread.
    [ThreadStatic]
    private static SimulatedRam? current;

    private readonly void* map;
    private readonly nuint size;

    public SimulatedRam(ulong size)
    {
        this.size = (nuint)size;
        map = Map(null, this.size, 0, PrivateAnonymousNoReserve, -1, 0);
        Assert.NotEqual(-1, (nint)map);
        Allocator = (FrameAllocator*)NativeMemory.AllocZeroed((nuint)sizeof(FrameAllocator));
        Allocator->Initialize((ulong)map, &MakeAccessible);
        current = this;
    }

    public FrameAllocator* Allocator { get; }

    /// <summary>Ranges that the allocator asked for.</summary>
    public List<(ulong Start, ulong End)> Requests { get; } = [];

    /// <summary>Makes further requests fail.</summary>
    public bool Refuse { get; set; }

    /// <summary>Writes over every byte of a block, as its owner may.</summary>
    public void Fill(ulong address, int order) => new Span<byte>((byte*)map + address, 4096 << order).Fill(0xA5);

    /// <summary>Writes to a frame's first words only: enough to break a list that still uses it.</summary>
    public void Scribble(ulong address) => new Span<ulong>((byte*)map + address, 2).Fill(0xA5A5A5A5A5A5A5A5);

    public void Dispose()
    {
        current = null;
        NativeMemory.Free(Allocator);
        _ = Unmap(map, size);
    }

    private static bool MakeAccessible(ulong start, ulong end)
    {
        SimulatedRam ram = current!;
        if (ram.Refuse)
            return false;
        Assert.True(start < end && end <= ram.size && start >> 21 == (end - 1) >> 21 && (start & 4095) == 0 && (end & 4095) == 0);
        ram.Requests.Add((start, end));
        return Protect((byte*)ram.map + start, (nuint)(end - start), ReadWrite) == 0;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint length);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint length, int protection);
}
