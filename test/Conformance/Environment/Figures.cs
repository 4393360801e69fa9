// What a process says of itself: kind and direction of the figures, not their values.
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Conformance;

internal static unsafe class Figures
{
    private const long Mebibyte = 1 << 20;

    internal static void Show()
    {
        using Process process = Process.GetCurrentProcess();
        Console.WriteLine($"exited {process.HasExited}, responding {process.Responding}, priority {process.PriorityClass} {process.BasePriority}, processors {process.ProcessorAffinity != 0}");
        Console.WriteLine($"name is the file's: {Path.GetFileName(Environment.ProcessPath!).StartsWith(process.ProcessName, StringComparison.Ordinal)}, main module is the file: {process.MainModule?.FileName == Environment.ProcessPath}");
        Memory(process);
        Times(process);
        Threads(process);
    }

    private static void Memory(Process process)
    {
        long before = process.WorkingSet64;
        Console.WriteLine($"working set above 1 MiB: {before > Mebibyte}, not above its peak: {before <= process.PeakWorkingSet64}, not above what is mapped: {before <= process.VirtualMemorySize64}, private above zero: {process.PrivateMemorySize64 > 0}");
        void* block = NativeMemory.Alloc((nuint)(16 * Mebibyte));
        NativeMemory.Fill(block, (nuint)(16 * Mebibyte), 1);
        process.Refresh();
        long with = process.WorkingSet64;
        NativeMemory.Free(block);
        process.Refresh();
        Console.WriteLine($"16 MiB more of memory: grows by 14 and more {with >= before + 14 * Mebibyte}, falls by 14 and more after {process.WorkingSet64 <= with - 14 * Mebibyte}");
        Console.WriteLine($"as Environment says: {Math.Abs(Environment.WorkingSet - process.WorkingSet64) < 4 * Mebibyte}");
    }

    private static void Times(Process process)
    {
        DateTime start = process.StartTime.ToUniversalTime();
        Console.WriteLine($"started, at most two seconds from now: {start < DateTime.UtcNow.AddSeconds(2)}, in the last hour: {start > DateTime.UtcNow.AddHours(-1)}");
        TimeSpan total = process.TotalProcessorTime;
        Console.WriteLine($"processor time above zero: {total > TimeSpan.Zero}, its parts within it: {process.UserProcessorTime <= process.TotalProcessorTime && process.PrivilegedProcessorTime <= process.TotalProcessorTime}");
        Stopwatch clock = Stopwatch.StartNew();
        do
            process.Refresh();
        while (process.TotalProcessorTime < total + TimeSpan.FromMilliseconds(100) && clock.Elapsed < TimeSpan.FromMinutes(1));
        Console.WriteLine($"grows with work: {process.TotalProcessorTime >= total + TimeSpan.FromMilliseconds(100)}, not faster than the clock on all processors: {process.TotalProcessorTime - total <= (clock.Elapsed + TimeSpan.FromMilliseconds(50)) * Environment.ProcessorCount}");
    }

    private static void Threads(Process process)
    {
        process.Refresh();
        int before = process.Threads.Count;
        using ManualResetEventSlim end = new();
        Thread[] threads = [.. Enumerable.Range(0, 5).Select(_ => new Thread(end.Wait))];
        foreach (Thread thread in threads)
            thread.Start();
        process.Refresh();
        ProcessThread[] all = [.. process.Threads.Cast<ProcessThread>()];
        Console.WriteLine($"threads: {before >= 1}, five more: {all.Length >= before + 5}, each with a number of its own: {all.Select(t => t.Id).Distinct().Count() == all.Length}");
        Console.WriteLine($"each since a time that can be: {all.All(t => t.StartTime.ToUniversalTime() < DateTime.UtcNow.AddSeconds(2))}");
        end.Set();
        foreach (Thread thread in threads)
            thread.Join();
        Stopwatch clock = Stopwatch.StartNew();
        do
            process.Refresh();
        while (process.Threads.Count > before && clock.Elapsed < TimeSpan.FromSeconds(30));
        Console.WriteLine($"five fewer: {process.Threads.Count <= before}");
    }
}
