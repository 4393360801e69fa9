// The stack of the first thread among other mappings.
using System.Globalization;
using System.Runtime.InteropServices;

namespace Defects;

internal static unsafe class Stacks
{
    private const ulong Page = 4096;
    private const int ReadWrite = Native.ReadAccess | Native.WriteAccess;

    /// <summary>
    /// Tries to have memory right below the stack, where its overflow would go unseen: by asking for it and by taking much. Then overflows.
    /// </summary>
    internal static void OverflowBetweenMappings()
    {
        ulong here = Here();
        (ulong Start, ulong End, string Access)[] maps = [.. File.ReadLines("/proc/self/maps").Select(Parse)];
        int stack = Array.FindIndex(maps, map => map.Start <= here && here < map.End);
        (ulong start, ulong end, string access) = maps[stack - 1];
        Console.WriteLine($"below the stack: {access} {end - start >> 10} KiB, {maps[stack].Start - end} from it");

        nint page = Native.Map(end - Page, (nuint)Page, ReadWrite, Native.Private | Native.Anonymous | Native.FixedNoReplace, -1, 0);
        Console.WriteLine(page == -1 ? $"mmap there: errno {Marshal.GetLastPInvokeError()}" : "mapped there");
        int within = 0;
        for (int i = 0; i < 2000; i++)
        {
            page = Native.Map(0, (nuint)(i % 7 + 1) * (nuint)Page, i % 2 == 0 ? ReadWrite : 0, Native.Private | Native.Anonymous, -1, 0);
            within += (ulong)page >= start && (ulong)page < maps[stack].End ? 1 : 0;
        }
        Console.WriteLine($"mapped there: {within} of 2000");
        Native.OverflowStack(0);
    }

    /// <summary>An address on the running thread's stack.</summary>
    internal static ulong Here()
    {
        int local;
        return (ulong)&local;
    }

    private static (ulong Start, ulong End, string Access) Parse(string line)
    {
        string[] words = line.Split(' ');
        string[] range = words[0].Split('-');
        return (ulong.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), ulong.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture), words[1]);
    }
}
