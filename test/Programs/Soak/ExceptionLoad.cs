using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Soak;

/// <summary>Exceptions of the program and of the processor, deep down, through filters and awaits and across threads.</summary>
internal sealed class ExceptionLoad() : Load("exceptions")
{
    protected override void Work(Random random)
    {
        int depth = random.Next(1, 60), cleaned = 0, filtered = 0;
        try
        {
            Dig(depth, ref cleaned, ref filtered);
            Check(false, "an exception was lost");
        }
        catch (InvalidOperationException exception) when (exception.InnerException is NullReferenceException && exception.StackTrace is not null)
        {
            Check(cleaned == depth && filtered == depth, $"depth {depth}: {cleaned} finally blocks, {filtered} filters");
        }

        Expect<DivideByZeroException>(() => Divide(1, Zero()));
        Expect<IndexOutOfRangeException>(() => Element([1, 2], 2 + Zero()));
        Expect<InvalidCastException>(() => ((string)Box(1)).Length);
        Expect<OverflowException>(() => checked(int.MaxValue - Zero() + 1));
        Expect<NullReferenceException>(() => Element(null, 0));
        ThroughAwaitsAsync(random.Next(1, 20)).GetAwaiter().GetResult();
        AcrossThreads();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Dig(int depth, ref int cleaned, ref int filtered)
    {
        try
        {
            if (depth > 1)
            {
                Dig(depth - 1, ref cleaned, ref filtered);
            }
            else
            {
                try
                {
                    _ = Element(null, 1);
                }
                catch (NullReferenceException fault)
                {
                    throw new InvalidOperationException("found", fault);
                }
            }
        }
        catch (Exception) when (++filtered < 0)
        {
        }
        finally
        {
            cleaned++;
        }
    }

    private void Expect<T>(Func<int> action) where T : Exception
    {
        try
        {
            Check(false, $"{action()} instead of {typeof(T).Name}");
        }
        catch (T)
        {
        }
    }

    private async Task ThroughAwaitsAsync(int depth)
    {
        try
        {
            await SinkAsync(depth);
            Check(false, "an exception was lost in a task");
        }
        catch (TimeoutException exception)
        {
            Check(exception.Message == "0", "another exception came out of a task");
        }
        Task[] tasks = [.. Enumerable.Range(1, 5).Select(SinkAsync)];
        try
        {
            await Task.WhenAll(tasks);
        }
        catch (TimeoutException)
        {
        }
        Check(tasks.Count(t => t.Exception is AggregateException { InnerException: TimeoutException }) == 5, "a task lost its exception");

        static async Task SinkAsync(int depth)
        {
            await Task.Yield();
            if (depth == 0)
                throw new TimeoutException("0");
            await SinkAsync(depth - 1);
        }
    }

    private void AcrossThreads()
    {
        ExceptionDispatchInfo? caught = null;
        Thread thread = new(() =>
        {
            try
            {
                _ = Element(null, 0);
            }
            catch (NullReferenceException exception)
            {
                caught = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        thread.Join();
        Expect<NullReferenceException>(() =>
        {
            caught!.Throw();
            return 0;
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Element(int[]? array, int index) => array![index];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Divide(int a, int b) => a / b;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Zero() => 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static object Box(int value) => value;
}
