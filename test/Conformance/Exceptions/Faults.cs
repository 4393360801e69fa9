// Exceptions that the processor or a check of the language raises.
using System.Runtime.CompilerServices;

namespace Conformance;

internal static class Faults
{
    internal static void Null()
    {
        Show(() => Field(null));
        Show(() => SetField(null));
        Show(() => Virtual(null));
        Show(() => Length(null));
        Show(() => Invoke(null));
        Show(() => Unbox(null));
        Show(() =>
        {
            lock ((object)null!)
            {
            }
        });
        Show(() => Deep(null));
    }

    internal static void Arithmetic()
    {
        Show(() => Divide(1, 0));
        Show(() => Divide(int.MinValue, -1));
        Show(() => DivideLong(1, 0));
        Show(() => DivideLong(long.MinValue, -1));
        Show(() => Remainder(7, 0));
        Show(() => DivideUnsigned(7, 0));
        Show(() => Add(int.MaxValue, 1));
        Show(() => Multiply(long.MaxValue, 2));
        Show(() => Narrow(300));
        Show(() => Narrow(-1));
        Show(() => FromDouble(double.NaN));
        Show(() => FromDouble(1e20));
        Show(() => decimal.Divide(1, Zero));
        Show(() => _ = decimal.MaxValue + (1 + Zero));
        Console.WriteLine($"doubles: {1 / ZeroDouble} {-1 / ZeroDouble} {ZeroDouble / ZeroDouble} {Math.Sqrt(-1 - ZeroDouble)}");
    }

    internal static void BoundsAndTypes()
    {
        int[] array = [1, 2, 3];
        Show(() => At(array, 3));
        Show(() => At(array, -1));
        Show(() => AtSpan(array, 3));
        Show(() => _ = new int[Negative]);
        Show(() => Store(new string[1], new object()));
        Show(() => _ = (string)Box(1));
        Show(() => _ = (long)Box(1));
        Show(() => _ = "abc"[Negative]);
        Show(() => _ = "abc".Substring(2, 5));
        Show(() => _ = new List<int>()[0]);
        Show(() => _ = new Dictionary<string, int>()["none"]);
        Show(() => _ = int.Parse("12x"));
        Show(() => _ = int.Parse("99999999999"));
        Show(() => _ = Enum.Parse<DayOfWeek>("Someday"));
        Show(() => _ = Enumerable.Empty<int>().First());
        Show(() =>
        {
            List<int> list = [1, 2];
            foreach (int i in list)
                list.Add(i);
        });
        Show(() => ((IList<int>)Array.AsReadOnly(array)).Add(1));
    }

    /// <summary>Many threads fault again and again while collections stop them: every fault is delivered to the thread that made it.</summary>
    internal static void Storm()
    {
        int nulls = 0, divisions = 0, bounds = 0;
        Thread[] threads = [.. Enumerable.Range(0, 6).Select(number => new Thread(() =>
        {
            int[] array = [1];
            for (int i = 0; i < 200; i++)
            {
                try
                {
                    switch ((i + number) % 3)
                    {
                        case 0: Field(null); break;
                        case 1: Divide(i, array[0] - 1); break;
                        default: At(array, i + 1); break;
                    }
                }
                catch (NullReferenceException)
                {
                    Interlocked.Increment(ref nulls);
                }
                catch (DivideByZeroException)
                {
                    Interlocked.Increment(ref divisions);
                }
                catch (IndexOutOfRangeException)
                {
                    Interlocked.Increment(ref bounds);
                }
                if (i % 50 == 0)
                    GC.Collect(0);
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        Console.WriteLine($"{nulls} null references, {divisions} divisions by zero, {bounds} indexes");
    }

    private static void Show(Action action, [CallerArgumentExpression(nameof(action))] string what = "")
    {
        what = what.ReplaceLineEndings(" ");
        try
        {
            action();
            Console.WriteLine($"{what}: nothing");
        }
        catch (Exception e)
        {
            Console.WriteLine($"{what}: {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    // What the compiler must not know.
    private static decimal Zero { get; } = decimal.Parse("0");

    private static double ZeroDouble { get; } = double.Parse("0");

    private static int Negative { get; } = int.Parse("-1");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Field(Thing? thing) => thing!.Number;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SetField(Thing? thing) => thing!.Number = 1;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string Virtual(Thing? thing) => thing!.ToString()!;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Length(int[]? array) => array!.Length;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Invoke(Action? action) => action!();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Unbox(object? boxed) => (int)boxed!;

    /// <summary>Beyond the first page of the object that is not there, which the compiler checks for itself.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Deep(Large? large) => large!.Last;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Divide(int a, int b) => a / b;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long DivideLong(long a, long b) => a / b;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Remainder(int a, int b) => a % b;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static uint DivideUnsigned(uint a, uint b) => a / b;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Add(int a, int b) => checked(a + b);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Multiply(long a, long b) => checked(a * b);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte Narrow(int a) => checked((byte)a);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int FromDouble(double a) => checked((int)a);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int At(int[] array, int index) => array[index];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int AtSpan(Span<int> span, int index) => span[index];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Store(object[] array, object value) => array[0] = value;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static object Box(int value) => value;

    private class Thing
    {
        internal int Number;
    }

    [InlineArray(100_000)]
    private struct Filler
    {
        private byte _first;
    }

    private sealed class Large
    {
        internal readonly Filler Filler = new();
        internal readonly int Last = 1;
    }
}
