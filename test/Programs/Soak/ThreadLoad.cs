namespace Soak;

/// <summary>Threads start, work on the same data under every kind of lock, and end.</summary>
internal sealed class ThreadLoad() : Load("threads")
{
    private const int Threads = 12, Steps = 150;

    [ThreadStatic]
    private static int own;

    protected override void Work(Random random)
    {
        int underLock = 0, underMonitor = 0, underSemaphore = 0, written = 0, stale = 0, interlocked = 0, ownWrong = 0;
        Lock exclusive = new();
        object monitor = new();
        using SemaphoreSlim semaphore = new(1);
        using ReaderWriterLockSlim shared = new();
        using Barrier barrier = new(Threads);
        using ThreadLocal<int> local = new(() => 1, trackAllValues: true);
        bool[] arrived = new bool[Threads];
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(number => new Thread(Run, random.Next(3) == 0 ? 256 * 1024 : 0))];
        for (int i = 0; i < Threads; i++)
            threads[i].Start(i);
        foreach (Thread thread in threads)
            Check(thread.Join(TimeSpan.FromMinutes(1)), "a thread does not end");
        const int all = Threads * Steps;
        Check(underLock == all && underMonitor == all && underSemaphore == all && interlocked == all, $"counts: {underLock} {underMonitor} {underSemaphore} {interlocked} of {all}");
        Check(stale == 0 && written == Threads && ownWrong == 0 && arrived.All(a => a), $"stale {stale}, written {written}, thread statics wrong {ownWrong}");
        Check(local.Values.Sum() == Threads * (Steps + 1), "thread locals");

        void Run(object? number)
        {
            for (int i = 0; i < Steps; i++)
            {
                lock (exclusive)
                    underLock++;
                lock (monitor)
                {
                    underMonitor++;
                    if (i % 50 == 49)
                        Monitor.PulseAll(monitor);
                }
                semaphore.Wait();
                underSemaphore++;
                semaphore.Release();
                Interlocked.Increment(ref interlocked);
                local.Value++;
                own++;
                if (i % 40 == 0)
                    Thread.Yield();
            }
            Interlocked.Add(ref ownWrong, own == Steps ? 0 : 1);
            shared.EnterWriteLock();
            written++;
            shared.ExitWriteLock();
            barrier.SignalAndWait();
            shared.EnterReadLock();
            Interlocked.Add(ref stale, written == Threads ? 0 : 1);
            shared.ExitReadLock();
            lock (monitor)
            {
                arrived[(int)number!] = true;
                Monitor.PulseAll(monitor);
                // The pulse of whoever comes later, or of nobody.
                Monitor.Wait(monitor, 1);
            }
        }
    }
}
