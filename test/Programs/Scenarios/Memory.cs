// Memory that is taken and given back, and memory that runs out.
using System.Runtime.CompilerServices;

namespace Scenarios;

internal static unsafe class Memory
{
    /// <summary>Takes more, in all, than any domain of a test has; works only where unmapping gives memory back.</summary>
    internal static void MapAgainAndAgain(int times, int mebibytes)
    {
        nuint size = (nuint)mebibytes << 20;
        long sum = 0;
        for (int i = 0; i < times; i++)
        {
            byte* memory = (byte*)Libc.MapMemory(size);
            for (nuint at = 0; at < size; at += 4096)
            {
                sum += memory[at]; // fresh memory holds nothing
                memory[at] = 1;
            }

            if (Libc.Unmap((nint)memory, size) != 0)
                throw new InvalidOperationException("munmap failed");
        }

        Console.WriteLine($"mapped {times} times {mebibytes} MiB, found {sum}");
    }

    /// <summary>Runs out of memory twice, the second time as late as the first, and goes on.</summary>
    internal static void Exhaust()
    {
        int first = Fill();
        GC.Collect();
        int second = Fill();
        GC.Collect();
        Console.WriteLine($"first {(first > 0 ? "some" : "nothing")}, second {(second >= first - 2 ? "as much" : $"{second} after {first}")}");
        string text = string.Concat(Enumerable.Range(0, 1000).Select(i => i.ToString()));
        Console.WriteLine($"goes on: {text.Length}");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Fill()
    {
        List<byte[]> kept = new(100_000);
        try
        {
            while (true)
            {
                byte[] array = new byte[1 << 20];
                Array.Fill(array, (byte)1);
                kept.Add(array);
            }
        }
        catch (OutOfMemoryException)
        {
            return kept.Count;
        }
    }
}
