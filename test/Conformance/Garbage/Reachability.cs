// What keeps an object alive, what does not, and what happens at its end.
using System.Runtime.CompilerServices;

namespace Conformance;

internal static class Reachability
{
    internal static void WeakReferences()
    {
        object kept = new();
        List<WeakReference<object>> few = [];
        WeakReference toKept = new(kept);
        AddWeak(few, 100);
        GC.Collect();
        Console.WriteLine($"of 100 unreferenced objects {few.Count(w => w.TryGetTarget(out _))} live, the referenced one: {toKept.IsAlive}");
        GC.KeepAlive(kept);

        (WeakReference ordinary, WeakReference tracking) = MakeResurrecting();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Console.WriteLine($"resurrected: ordinary {ordinary.IsAlive}, tracking {tracking.IsAlive}, the object: {Resurrecting.Last is not null}");
        Resurrecting.Last = null;
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Console.WriteLine($"let go: tracking {tracking.IsAlive}");
    }

    internal static void DependentHandles()
    {
        ConditionalWeakTable<object, object> table = [];
        object key = new();
        AddDependents(table, 50);
        table.Add(key, "value");
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Console.WriteLine($"ConditionalWeakTable: {table.Count()} left, {(table.TryGetValue(key, out object? value) ? value : "nothing")}");
        GC.KeepAlive(key);
    }

    internal static void Finalizers()
    {
        Finalized.Count = 0;
        Make(1000, suppressed: 100);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Console.WriteLine($"1000 objects, 100 suppressed: {Finalized.Count} finalized, all on one thread that is not this: {Finalized.Elsewhere}");
        Finalized.Count = 0;
        MakeAgain();
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Console.WriteLine($"registered again by its finalizer: {Again.Count} times");
        using ManualResetEventSlim waiting = new();
        Thread thread = new(() =>
        {
            GC.WaitForPendingFinalizers();
            waiting.Set();
        });
        thread.Start();
        Console.WriteLine($"another thread can wait for finalizers: {waiting.Wait(TimeSpan.FromMinutes(1))}");
        thread.Join();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddWeak(List<WeakReference<object>> to, int count)
    {
        for (int i = 0; i < count; i++)
            to.Add(new WeakReference<object>(new object()));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddDependents(ConditionalWeakTable<object, object> table, int count)
    {
        for (int i = 0; i < count; i++)
        {
            object key = new();
            table.Add(key, key); // a value that leads back to its key keeps neither
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference Ordinary, WeakReference Tracking) MakeResurrecting()
    {
        Resurrecting made = new();
        return (new WeakReference(made), new WeakReference(made, trackResurrection: true));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Make(int count, int suppressed)
    {
        for (int i = 0; i < count; i++)
        {
            Finalized made = new(Environment.CurrentManagedThreadId);
            if (i < suppressed)
                GC.SuppressFinalize(made);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MakeAgain() => _ = new Again();

    private sealed class Resurrecting
    {
        internal static Resurrecting? Last { get; set; }

        ~Resurrecting() => Last = this;
    }

    private sealed class Finalized(int maker)
    {
        internal static int Count { get; set; }

        internal static bool Elsewhere { get; private set; } = true;

        private static int finalizer;

        ~Finalized()
        {
            Count++;
            int thread = Environment.CurrentManagedThreadId;
            if (finalizer == 0)
                finalizer = thread;
            Elsewhere &= thread != maker && thread == finalizer;
        }
    }

    private sealed class Again
    {
        internal static int Count { get; private set; }

        ~Again()
        {
            if (++Count < 3)
                GC.ReRegisterForFinalize(this);
        }
    }
}
