// Exceptions that cross threads, tasks and awaits.
using System.Runtime.ExceptionServices;

namespace Conformance;

internal static class Flows
{
    internal static async Task ThreadsAsync()
    {
        Exception? caught = null;
        Thread thread = new(() =>
        {
            try
            {
                int.Parse("x");
            }
            catch (FormatException e)
            {
                caught = e;
            }
        });
        thread.Start();
        thread.Join();
        Console.WriteLine($"from a thread: {caught!.GetType().Name}");
        try
        {
            await Task.Run(() => throw new InvalidOperationException("on the pool"));
        }
        catch (InvalidOperationException e)
        {
            Console.WriteLine($"from the pool: {e.Message}");
        }
        try
        {
            Task.Run(() => Divide(1, 0)).Wait();
        }
        catch (AggregateException e)
        {
            Console.WriteLine($"waited for: {e.InnerException!.GetType().Name}");
        }
    }

    internal static async Task AwaitsAsync()
    {
        try
        {
            await OuterAsync(5);
        }
        catch (InvalidOperationException e) when (e.Message.Length > 0)
        {
            Console.WriteLine($"through five awaits: {e.Message}, the first in the trace: {e.StackTrace!.Contains("InnerAsync")}");
        }
        List<string> steps = [];
        try
        {
            try
            {
                await Task.Yield();
                throw new FormatException();
            }
            catch (FormatException)
            {
                await Task.Delay(1);
                steps.Add("await in catch");
                throw;
            }
            finally
            {
                await Task.Delay(1);
                steps.Add("await in finally");
            }
        }
        catch (FormatException)
        {
            Console.WriteLine(string.Join(", ", steps));
        }
        await using (AsyncDisposable disposable = new())
            Console.WriteLine($"inside {disposable.GetType().Name}");
        try
        {
            await ThrowsAtOnce();
        }
        catch (NotSupportedException)
        {
            Console.WriteLine("thrown before the first await");
        }
        Console.WriteLine($"ValueTask: {await new ValueTask<int>(Task.FromException<int>(new ArgumentException("bad"))).AsTask().ContinueWith(t => t.Exception!.InnerException!.Message)}");
    }

    internal static async Task AggregatesAsync()
    {
        Task all = Task.WhenAll(Enumerable.Range(0, 4).Select(async i =>
        {
            await Task.Delay(i);
            if (i % 2 == 0)
                throw new InvalidOperationException($"task {i}");
            throw new OperationCanceledException();
        }));
        try
        {
            await all;
        }
        catch (InvalidOperationException e)
        {
            Console.WriteLine($"awaited: {e.Message}, in all: {string.Join(", ", all.Exception!.InnerExceptions.Select(x => x.Message))}");
        }
        AggregateException nested = new("outer", new AggregateException(new FormatException("a")), new AggregateException(new FormatException("b"), new ArgumentException("c")));
        Console.WriteLine($"flattened: {string.Join(' ', nested.Flatten().InnerExceptions.Select(x => x.Message))}");
        try
        {
            nested.Flatten().Handle(x => x is FormatException);
        }
        catch (AggregateException e)
        {
            Console.WriteLine($"not handled: {string.Join(' ', e.InnerExceptions.Select(x => x.Message))}");
        }
        int unobserved = 0;
        TaskScheduler.UnobservedTaskException += (_, e) =>
        {
            unobserved += e.Exception.InnerExceptions.Count(x => x.Message == "nobody looks");
            e.SetObserved();
        };
        LoseTask();
        for (int i = 0; i < 50 && unobserved == 0; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(1);
        }
        Console.WriteLine($"unobserved: {unobserved}");
    }

    internal static void FirstChance()
    {
        List<string> seen = [];
        void See(object? sender, FirstChanceExceptionEventArgs e) => seen.Add(e.Exception.GetType().Name);
        AppDomain.CurrentDomain.FirstChanceException += See;
        try
        {
            Divide(1, 0);
        }
        catch (DivideByZeroException)
        {
        }
        AppDomain.CurrentDomain.FirstChanceException -= See;
        Console.WriteLine($"seen before it was caught: {string.Join(' ', seen)}");
    }

    private static int Divide(int a, int b) => a / b;

    private static async Task OuterAsync(int depth)
    {
        await Task.Yield();
        await (depth == 1 ? InnerAsync() : OuterAsync(depth - 1));
    }

    private static async Task InnerAsync()
    {
        await Task.Delay(1);
        throw new InvalidOperationException("from the innermost");
    }

    private static Task ThrowsAtOnce() => throw new NotSupportedException();

    private static void LoseTask()
    {
        Thread thread = new(() => ((IAsyncResult)Task.Run(() => throw new InvalidOperationException("nobody looks"))).AsyncWaitHandle.WaitOne());
        thread.Start();
        thread.Join();
    }

    private sealed class AsyncDisposable : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            Console.WriteLine("disposed with an await");
        }
    }
}
