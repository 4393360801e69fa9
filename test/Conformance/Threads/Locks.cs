// What threads wait for each other with.
using System.Diagnostics;

namespace Conformance;

internal static class Locks
{
    internal static void Monitors()
    {
        object gate = new();
        int turn = 0;
        List<string> order = [];
        Thread[] players = [.. Enumerable.Range(0, 3).Select(player => new Thread(() =>
        {
            for (int round = 0; round < 4; round++)
            {
                lock (gate)
                {
                    while (turn % 3 != player)
                        Monitor.Wait(gate);
                    order.Add($"{player}");
                    turn++;
                    Monitor.PulseAll(gate);
                }
            }
        }))];
        foreach (Thread player in players)
            player.Start();
        foreach (Thread player in players)
            player.Join();
        Console.WriteLine(string.Join(' ', order));

        lock (gate)
        {
            Console.WriteLine($"wait for 20 ms without a pulse: {Monitor.Wait(gate, 20)}, entered again: {Monitor.IsEntered(gate)}");
            bool taken = true;
            Thread other = new(() => taken = Monitor.TryEnter(gate, 20));
            other.Start();
            other.Join();
            Console.WriteLine($"a second thread enters: {taken}");
        }
        try
        {
            Monitor.Exit(gate);
        }
        catch (SynchronizationLockException)
        {
            Console.WriteLine("exit without entry: SynchronizationLockException");
        }
        Monitor.Enter(gate);
        Monitor.Enter(gate);
        Monitor.Exit(gate);
        Console.WriteLine($"entered twice, left once: {Monitor.IsEntered(gate)}");
        Monitor.Exit(gate);
    }

    internal static void Counting()
    {
        Lock gate = new();
        object monitor = new();
        SpinLock spin = new(enableThreadOwnerTracking: false);
        using Mutex mutex = new();
        int first = 0, second = 0, third = 0, fourth = 0, atomic = 0;
        RunAll(8, _ =>
        {
            for (int i = 0; i < 2000; i++)
            {
                lock (gate)
                    first++;
                lock (monitor)
                    second++;
                bool taken = false;
                spin.Enter(ref taken);
                third++;
                spin.Exit();
                Interlocked.Increment(ref atomic);
                if (i % 10 == 0)
                {
                    mutex.WaitOne();
                    fourth++;
                    mutex.ReleaseMutex();
                }
            }
        });
        Console.WriteLine($"Lock {first}, Monitor {second}, SpinLock {third}, Interlocked {atomic}, Mutex {fourth}");

        Thread thread = new(() => mutex.WaitOne());
        thread.Start();
        thread.Join();
        try
        {
            mutex.WaitOne();
        }
        catch (AbandonedMutexException)
        {
            Console.WriteLine("a mutex whose owner ended: AbandonedMutexException");
        }
    }

    internal static void ReadersAndWriters()
    {
        using ReaderWriterLockSlim gate = new();
        int a = 0, b = 0, torn = 0, mostReaders = 0;
        RunAll(6, number =>
        {
            for (int i = 0; i < 300; i++)
            {
                if (number < 2)
                {
                    gate.EnterWriteLock();
                    a++;
                    if (i % 50 == 0)
                        Thread.Yield();
                    b++;
                    gate.ExitWriteLock();
                }
                else
                {
                    gate.EnterReadLock();
                    if (a != b)
                        Interlocked.Increment(ref torn);
                    mostReaders = Math.Max(mostReaders, gate.CurrentReadCount);
                    gate.ExitReadLock();
                }
            }
        });
        Console.WriteLine($"{a} writes, {torn} torn reads, readers at once: {mostReaders >= 1}");
        gate.EnterUpgradeableReadLock();
        gate.EnterWriteLock();
        Console.WriteLine($"upgraded: {gate.IsWriteLockHeld}");
        bool read = true;
        RunAll(1, _ => read = gate.TryEnterReadLock(20));
        gate.ExitWriteLock();
        Console.WriteLine($"a reader beside the writer: {read}");
        try
        {
            gate.EnterReadLock();
            gate.ExitReadLock();
            gate.EnterUpgradeableReadLock();
        }
        catch (LockRecursionException)
        {
            Console.WriteLine("recursion: LockRecursionException");
        }
        gate.ExitUpgradeableReadLock();
    }

    internal static void Semaphores()
    {
        using SemaphoreSlim slim = new(3, 5);
        using Semaphore kernel = new(2, 2);
        int inside = 0, most = 0, insideKernel = 0, mostKernel = 0;
        RunAll(10, _ =>
        {
            for (int i = 0; i < 5; i++)
            {
                slim.Wait();
                Maximum(ref most, Interlocked.Increment(ref inside));
                Thread.Sleep(1);
                Interlocked.Decrement(ref inside);
                slim.Release();
                kernel.WaitOne();
                Maximum(ref mostKernel, Interlocked.Increment(ref insideKernel));
                Thread.Yield();
                Interlocked.Decrement(ref insideKernel);
                kernel.Release();
            }
        });
        Console.WriteLine($"SemaphoreSlim: {most} at once, Semaphore: at most 2 at once: {mostKernel <= 2}");
        Console.WriteLine($"left: {slim.CurrentCount}");
        for (int i = 0; i < 3; i++)
            slim.Wait();
        Console.WriteLine($"a fourth, for 10 ms: {slim.Wait(10)}, asynchronously: {slim.WaitAsync(10).GetAwaiter().GetResult()}");
        slim.Release(5);
        try
        {
            slim.Release();
        }
        catch (SemaphoreFullException)
        {
            Console.WriteLine("one too many: SemaphoreFullException");
        }
    }

    internal static void Barriers()
    {
        int[] done = new int[5];
        List<string> phases = [];
        using Barrier barrier = new(5, b => phases.Add($"phase {b.CurrentPhaseNumber}: {string.Join(' ', done)}"));
        RunAll(5, number =>
        {
            for (int phase = 0; phase < 4; phase++)
            {
                done[number] += number;
                barrier.SignalAndWait();
            }
        });
        foreach (string phase in phases)
            Console.WriteLine(phase);
    }

    internal static void Events()
    {
        using ManualResetEventSlim slim = new();
        using CountdownEvent through = new(20);
        Thread[] waiting = [.. Enumerable.Range(0, 20).Select(_ => new Thread(() =>
        {
            slim.Wait();
            through.Signal();
        }))];
        foreach (Thread thread in waiting)
            thread.Start();
        Stopwatch clock = Stopwatch.StartNew();
        // The wait counts in ticks of some milliseconds.
        Console.WriteLine($"before it is set, for 20 ms: {through.Wait(20)}, in time: {clock.ElapsedMilliseconds >= 15}");
        slim.Set();
        Console.WriteLine($"after: {through.Wait(TimeSpan.FromMinutes(1))}, stays set: {slim.Wait(0)}");
        slim.Reset();
        Console.WriteLine($"reset: {slim.Wait(0)}");
        foreach (Thread thread in waiting)
            thread.Join();
    }

    internal static void WaitHandles()
    {
        using AutoResetEvent auto = new(false);
        using ManualResetEvent manual = new(false);
        int woken = 0;
        Thread[] waiting = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            auto.WaitOne();
            Interlocked.Increment(ref woken);
            manual.WaitOne();
        }))];
        foreach (Thread thread in waiting)
            thread.Start();
        for (int i = 1; i <= 3; i++)
        {
            auto.Set();
            SpinWait.SpinUntil(() => Volatile.Read(ref woken) == i);
        }
        Console.WriteLine($"three sets of an AutoResetEvent woke {woken}, a fourth waits: {!auto.WaitOne(10)}");
        manual.Set();
        foreach (Thread thread in waiting)
            thread.Join();
        WaitHandle[] both = [auto, manual];
        Console.WriteLine($"WaitAny {WaitHandle.WaitAny(both, 1000)}, WaitAll {WaitHandle.WaitAll(both, 10)}");
        auto.Set();
        Console.WriteLine($"WaitAll {WaitHandle.WaitAll(both, 1000)}, SignalAndWait {WaitHandle.SignalAndWait(auto, manual)}, WaitAny {WaitHandle.WaitAny([auto], 0)}");
        Console.WriteLine($"timeout {WaitHandle.WaitAny([auto], 5) == WaitHandle.WaitTimeout}");
    }

    /// <summary>Runs an action on several threads and waits for their ends.</summary>
    private static void RunAll(int count, Action<int> action)
    {
        Thread[] threads = [.. Enumerable.Range(0, count).Select(number => new Thread(() => action(number)))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
    }

    private static void Maximum(ref int most, int value)
    {
        int seen;
        while (value > (seen = Volatile.Read(ref most)) && Interlocked.CompareExchange(ref most, value, seen) != seen)
        {
        }
    }
}
