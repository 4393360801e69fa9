// Where objects are: generations, the heaps of large and pinned objects, regions without collections.
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Conformance;

internal static class Heap
{
    internal static void Mode()
    {
        Console.WriteLine($"server {GCSettings.IsServerGC}, latency mode {GCSettings.LatencyMode}, generations 0 to {GC.MaxGeneration}");
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        Console.WriteLine($"memory there is: {info.TotalAvailableMemoryBytes > 0}, threshold below it: {info.HighMemoryLoadThresholdBytes <= info.TotalAvailableMemoryBytes}");
        foreach (GCLatencyMode mode in (GCLatencyMode[])[GCLatencyMode.Batch, GCLatencyMode.SustainedLowLatency, GCLatencyMode.Interactive])
        {
            GCLatencyMode before = GCSettings.LatencyMode;
            GCSettings.LatencyMode = mode;
            Console.WriteLine($"asked for {mode}: {GCSettings.LatencyMode}");
            GCSettings.LatencyMode = before;
        }
    }

    internal static void Generations()
    {
        object survivor = new();
        int[] at = new int[4];
        for (int i = 0; i < at.Length; i++)
        {
            at[i] = GC.GetGeneration(survivor);
            GC.Collect();
        }
        Console.WriteLine($"a survivor's generations: {string.Join(' ', at)}");
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            int[] before = [.. Enumerable.Range(0, 3).Select(GC.CollectionCount)];
            GC.Collect(generation, GCCollectionMode.Forced, blocking: true);
            // A background collection may add collections of the young of its own.
            Console.WriteLine($"a collection of {generation} counts for {string.Join(' ', Enumerable.Range(0, 3).Select(g => GC.CollectionCount(g) > before[g]))}");
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            _ = Make(i);
        Console.WriteLine($"allocated by this thread, at least 40 KB: {GC.GetAllocatedBytesForCurrentThread() - allocated >= 40_000}");
        int young = GC.CollectionCount(0);
        for (int i = 0; i < 3_000_000 && GC.CollectionCount(0) < young + 2; i++)
            _ = Make(i);
        Console.WriteLine($"allocation alone leads to collections: {GC.CollectionCount(0) >= young + 2}");
        Console.WriteLine($"pauses are measured: {GC.GetTotalPauseDuration() > TimeSpan.Zero}");
    }

    internal static void LargeObjects()
    {
        Console.WriteLine($"84,000 bytes: generation {GC.GetGeneration(new byte[84_000])}, 86,000 bytes: {GC.GetGeneration(new byte[86_000])}");
        byte[]?[] large = new byte[]?[40];
        ulong wrong = 0;
        for (int i = 0; i < 400; i++)
        {
            int at = i * 7 % large.Length;
            if (large[at] is { } old && (old[0] != (byte)at || old[^1] != (byte)~at))
                wrong++;
            byte[] fresh = GC.AllocateUninitializedArray<byte>(90_000 + i * 100);
            fresh[0] = (byte)at;
            fresh[^1] = (byte)~at;
            large[at] = fresh;
        }
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        for (int i = 0; i < large.Length; i += 2)
            large[i] = null;
        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        for (int i = 1; i < large.Length; i += 2)
            wrong += large[i]![0] != (byte)i || large[i]![^1] != (byte)~i ? 1u : 0;
        Console.WriteLine($"of 400 large arrays {wrong} changed; compaction afterwards: {GCSettings.LargeObjectHeapCompactionMode}");
        Console.WriteLine($"new large arrays are zero: {!new byte[500_000].AsSpan().ContainsAnyExcept((byte)0)}");
    }

    internal static unsafe void Pinning()
    {
        List<GCHandle> handles = [];
        List<nint> addresses = [];
        List<byte[]> pinned = [];
        for (int i = 0; i < 2000; i++)
        {
            byte[] array = new byte[50];
            array[0] = (byte)i;
            if (i % 20 != 0)
                continue;
            GCHandle handle = GCHandle.Alloc(array, GCHandleType.Pinned);
            handles.Add(handle);
            addresses.Add(handle.AddrOfPinnedObject());
            pinned.Add(array);
        }
        for (int i = 0; i < 3; i++)
            GC.Collect(i, GCCollectionMode.Forced, blocking: true, compacting: true);
        int moved = 0;
        for (int i = 0; i < handles.Count; i++)
        {
            fixed (byte* now = pinned[i])
                moved += (nint)now != addresses[i] || *(byte*)addresses[i] != pinned[i][0] ? 1 : 0;
            handles[i].Free();
        }
        Console.WriteLine($"{handles.Count} pinned arrays, {moved} moved");
        byte[] born = GC.AllocateArray<byte>(1000, pinned: true);
        nint address = (nint)Unsafe.AsPointer(ref born[0]);
        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        Console.WriteLine($"born pinned: moved {address != (nint)Unsafe.AsPointer(ref born[0])}, generation {GC.GetGeneration(born)}");
    }

    internal static void NoGCRegion()
    {
        Console.WriteLine($"started: {GC.TryStartNoGCRegion(4 << 20)}, mode {GCSettings.LatencyMode}");
        int before = GC.CollectionCount(0);
        for (int i = 0; i < 20_000; i++)
            _ = Make(i);
        Console.WriteLine($"collections within 1.6 MB: {GC.CollectionCount(0) - before}");
        GC.EndNoGCRegion();
        Console.WriteLine($"ended: {GCSettings.LatencyMode is not GCLatencyMode.NoGCRegion}");
        try
        {
            GC.EndNoGCRegion();
        }
        catch (InvalidOperationException)
        {
            Console.WriteLine("ended twice: InvalidOperationException");
        }
        try
        {
            GC.TryStartNoGCRegion(0);
        }
        catch (ArgumentOutOfRangeException)
        {
            Console.WriteLine("of no size: ArgumentOutOfRangeException");
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte[] Make(int i) => new byte[40 + i % 32];
}
