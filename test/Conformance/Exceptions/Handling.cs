// try, catch, when, finally, throw.
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Conformance;

internal static class Handling
{
    internal static void Order()
    {
        List<string> steps = [];
        try
        {
            try
            {
                steps.Add("try");
                throw new InvalidOperationException("one");
            }
            catch (ArgumentException)
            {
                steps.Add("wrong");
            }
            finally
            {
                steps.Add("inner finally");
            }
        }
        catch (InvalidOperationException e) when (Note(steps, $"filter {e.Message}", true))
        {
            steps.Add("catch");
        }
        finally
        {
            steps.Add("outer finally");
        }
        Console.WriteLine(string.Join(", ", steps));
        Console.WriteLine($"returns from try with finally: {ReturnThroughFinally(steps)}, {steps[^1]}");
    }

    internal static void Filters()
    {
        for (int i = 0; i < 4; i++)
        {
            try
            {
                throw new HResultException(i);
            }
            catch (HResultException e) when (e.HResult == 0)
            {
                Console.WriteLine("filter of 0");
            }
            catch (HResultException e) when (ThrowInFilter(e.HResult))
            {
                Console.WriteLine("never");
            }
            catch (HResultException e) when (e.HResult >= 2)
            {
                Console.WriteLine($"filter of at least 2: {e.HResult}");
            }
            catch (Exception e)
            {
                Console.WriteLine($"none: {e.GetType().Name}");
            }
        }
    }

    internal static void Rethrow()
    {
        foreach (bool keep in (bool[])[true, false])
        {
            try
            {
                try
                {
                    ThrowFromHere();
                }
                catch (InvalidOperationException e)
                {
                    if (keep)
                        throw;
                    throw new ApplicationException("wrapped", e);
                }
            }
            catch (Exception e)
            {
                Console.WriteLine($"{e.GetType().Name}: {e.Message}; origin in the trace: {e.ToString().Contains(nameof(ThrowFromHere))}; inner: {e.InnerException?.Message ?? "none"}; base: {e.GetBaseException().Message}");
            }
        }
        ExceptionDispatchInfo? captured = null;
        try
        {
            ThrowFromHere();
        }
        catch (Exception e)
        {
            captured = ExceptionDispatchInfo.Capture(e);
        }
        try
        {
            captured!.Throw();
        }
        catch (InvalidOperationException e)
        {
            Console.WriteLine($"dispatched later: origin in the trace: {e.StackTrace!.Contains(nameof(ThrowFromHere))}");
        }
        InvalidOperationException data = new("with data");
        data.Data["key"] = 17;
        try
        {
            throw data;
        }
        catch (Exception e)
        {
            Console.WriteLine($"same object: {ReferenceEquals(e, data)}, data {e.Data["key"]}");
        }
    }

    internal static void FromFinally()
    {
        try
        {
            try
            {
                throw new InvalidOperationException("first");
            }
            finally
            {
                throw new ApplicationException("second");
            }
        }
        catch (Exception e)
        {
            Console.WriteLine($"{e.Message} replaces the other");
        }
        using Disposable outer = new("outer");
        try
        {
            using Disposable inner = new("inner");
            throw new InvalidOperationException("through using");
        }
        catch (InvalidOperationException e)
        {
            Console.WriteLine(e.Message);
        }
    }

    internal static void Nested()
    {
        try
        {
            try
            {
                throw new InvalidOperationException("a");
            }
            catch (Exception a)
            {
                try
                {
                    object? nothing = null;
                    nothing!.GetHashCode();
                }
                catch (NullReferenceException)
                {
                    try
                    {
                        throw new AggregateException("b", a);
                    }
                    catch (AggregateException b)
                    {
                        Console.WriteLine($"{b.InnerExceptions.Count} inner: {b.InnerException!.Message}");
                    }
                }
                throw;
            }
        }
        catch (InvalidOperationException e)
        {
            Console.WriteLine($"still {e.Message}");
        }
    }

    /// <summary>A throw through thousands of frames, each with work to do on the way.</summary>
    internal static void Deep()
    {
        int finallies = 0;
        try
        {
            Descend(3000, ref finallies);
        }
        catch (InvalidOperationException e)
        {
            Console.WriteLine($"{e.Message}, {finallies} finally blocks on the way up");
        }
        int caught = 0;
        for (int i = 0; i < 5000; i++)
        {
            try
            {
                ThrowFromHere();
            }
            catch (InvalidOperationException)
            {
                caught++;
            }
        }
        Console.WriteLine($"{caught} thrown and caught in turn");
        try
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
            Console.WriteLine($"stack left: {RuntimeHelpers.TryEnsureSufficientExecutionStack()}");
            Console.WriteLine($"recursion until the stack is nearly used up, at least 1000 deep: {Deepest(0) >= 1000}");
        }
        catch (InsufficientExecutionStackException)
        {
            Console.WriteLine("no stack");
        }
    }

    internal static void Initializers()
    {
        for (int i = 0; i < 2; i++)
        {
            try
            {
                Console.WriteLine(Failing.Value);
            }
            catch (TypeInitializationException e)
            {
                Console.WriteLine($"{e.TypeName}: {e.InnerException?.Message}");
            }
        }
    }

    private static bool Note(List<string> steps, string step, bool result)
    {
        steps.Add(step);
        return result;
    }

    private static int ReturnThroughFinally(List<string> steps)
    {
        int value = 1;
        try
        {
            return value;
        }
        finally
        {
            value = 2;
            steps.Add($"finally with {value}");
        }
    }

    /// <summary>An exception in a filter counts as false.</summary>
    private static bool ThrowInFilter(int value) => throw new InvalidOperationException($"{value}");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowFromHere() => throw new InvalidOperationException("from here");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Descend(int depth, ref int finallies)
    {
        try
        {
            if (depth == 0)
                throw new InvalidOperationException("from the bottom");
            Descend(depth - 1, ref finallies);
        }
        finally
        {
            finallies++;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Deepest(int depth) => RuntimeHelpers.TryEnsureSufficientExecutionStack() ? Deepest(depth + 1) + (depth & 0) : depth;

    private sealed class HResultException : Exception
    {
        internal HResultException(int value) => HResult = value;
    }

    private sealed class Disposable(string name) : IDisposable
    {
        public void Dispose() => Console.WriteLine($"{name} disposed");
    }

    private static class Failing
    {
        internal static readonly string Value = int.Parse("not a number").ToString();
    }
}
