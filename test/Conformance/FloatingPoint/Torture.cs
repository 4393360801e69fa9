// All threads compute in as many registers as there are, each with values of its own, while collections signal them, faults interrupt them and
// slices end. A register that another thread, a signal handler or the kernel has touched shows in the result.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Conformance;

internal static class Torture
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    internal static void Run()
    {
        Worker[] workers = [.. Enumerable.Range(1, 3).SelectMany<int, Worker>(seed => [
            new Vectors(seed), new WideVectors(seed), new WidestVectors(seed), new Scalars(seed), new RoundingMode(seed), new Extended(seed), new Faulting(seed), new Touching(seed)])];
        Thread[] threads = [.. workers.Select(worker => new Thread(worker.Work))];
        foreach (Thread thread in threads)
            thread.Start();
        Stopwatch clock = Stopwatch.StartNew();
        while (clock.Elapsed < Duration || workers.Any(w => w.Rounds < 3) && clock.Elapsed < 20 * Duration)
        {
            GC.Collect(0);
            Thread.Sleep(5);
        }
        foreach (Worker worker in workers)
            worker.Stop();
        foreach (Thread thread in threads)
            thread.Join();
        foreach (IGrouping<Type, Worker> kind in workers.GroupBy(w => w.GetType()))
            Console.WriteLine($"{kind.Key.Name}: {kind.Count()} threads, each with at least 3 rounds: {kind.All(w => w.Rounds >= 3)}, {kind.Sum(w => w.Wrong)} wrong");
    }

    private abstract class Worker
    {
        private volatile bool _stop;

        internal int Rounds { get; private set; }

        internal int Wrong { get; private set; }

        internal void Stop() => _stop = true;

        internal void Work()
        {
            Begin();
            while (!_stop)
            {
                if (!RoundIsRight())
                    Wrong++;
                Rounds++;
            }
            End();
        }

        protected virtual void Begin()
        {
        }

        protected virtual void End()
        {
        }

        /// <summary>Computes some thousand steps and compares.</summary>
        protected abstract bool RoundIsRight();
    }

    /// <summary>Whole numbers in eight 128-bit registers: the sums are known.</summary>
    private sealed class Vectors(int seed) : Worker
    {
        protected override bool RoundIsRight() => Round(seed);

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static bool Round(long seed)
        {
            const int steps = 50_000;
            Vector128<long> step = Vector128.Create(seed, seed * 31);
            Vector128<long> a = step, b = step + step, c = step * 3, d = step * 4, e = step * 5, f = step * 6, g = step * 7, h = step * 8;
            Vector128<long> sum = Vector128<long>.Zero;
            for (int i = 0; i < steps; i++)
            {
                sum += a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
                (a, b, c, d, e, f, g, h) = (h, a, b, c, d, e, f, g);
            }
            Vector128<long> once = step ^ (step + step) ^ (step * 3) ^ (step * 4) ^ (step * 5) ^ (step * 6) ^ (step * 7) ^ (step * 8);
            return sum == once * steps;
        }
    }

    /// <summary>The same in 256 bits, where the processor has them.</summary>
    private sealed class WideVectors(int seed) : Worker
    {
        protected override bool RoundIsRight() => !Avx2.IsSupported || Round(seed);

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static bool Round(long seed)
        {
            const int steps = 50_000;
            if (!Avx2.IsSupported)
                return true;
            Vector256<long> step = Vector256.Create(seed, seed * 31, seed * 37, seed * 41);
            Vector256<long> a = step, b = Avx2.Add(a, step), c = Avx2.Add(b, step), d = Avx2.Add(c, step), sum = Vector256<long>.Zero;
            Vector256<long> once = Avx2.Xor(Avx2.Xor(a, b), Avx2.Xor(c, d));
            for (int i = 0; i < steps; i++)
            {
                sum = Avx2.Add(sum, Avx2.Xor(Avx2.Xor(a, b), Avx2.Xor(c, d)));
                (a, b, c, d) = (d, a, b, c);
            }
            Vector256<long> product = Vector256.Create(once[0] * steps, once[1] * steps, once[2] * steps, once[3] * steps);
            return sum.Equals(product);
        }
    }

    /// <summary>The same in 512 bits, where the processor has them, with registers that the narrower ones have no names for, and in masks.</summary>
    private sealed class WidestVectors(int seed) : Worker
    {
        protected override bool RoundIsRight() => !Avx512F.IsSupported || Round(seed);

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static bool Round(long seed)
        {
            const int steps = 50_000;
            if (!Avx512F.IsSupported)
                return true;
            Vector512<long> step = Vector512.Create(seed, seed * 31, seed * 37, seed * 41, seed * 43, seed * 47, seed * 53, seed * 59);
            Vector512<long> a = step, b = a + step, c = b + step, d = c + step, e = d + step, f = e + step, g = f + step, h = g + step;
            Vector512<long> i = h + step, j = i + step, k = j + step, l = k + step, m = l + step, n = m + step, o = n + step, p = o + step;
            Vector512<long> once = a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ l ^ m ^ n ^ o ^ p, sum = Vector512<long>.Zero;
            Vector512<long> odd = Vector512.Equals(step & Vector512<long>.One, Vector512<long>.One);
            for (int count = 0; count < steps; count++)
            {
                Vector512<long> all = a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ l ^ m ^ n ^ o ^ p;
                sum += Vector512.ConditionalSelect(odd, all, all + all);
                (a, b, c, d, e, f, g, h) = (h, a, b, c, d, e, f, g);
                (i, j, k, l, m, n, o, p) = (p, i, j, k, l, m, n, o);
            }
            return sum == Vector512.ConditionalSelect(odd, once, once + once) * steps;
        }
    }

    /// <summary>Doubles in scalar registers: each round gives the bits that the first one gave.</summary>
    private sealed class Scalars(int seed) : Worker
    {
        private long? _first;

        protected override bool RoundIsRight()
        {
            long result = BitConverter.DoubleToInt64Bits(Round(seed));
            _first ??= result;
            return result == _first;
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static double Round(double seed)
        {
            double a = seed, b = 1 / seed, c = Math.Sqrt(seed), d = seed * 0.1, e = seed + 0.5, f = 3;
            for (int i = 1; i < 20_000; i++)
            {
                a = a * 0.999 + b / i;
                b = b * 0.998 + c / i;
                c = Math.Sqrt(c * c + d);
                d = d * 0.997 + e * 0.001;
                e = e * 0.996 + f / (a + 1);
                f = f * 0.995 + a * 0.002;
            }
            return a + b + c + d + e + f;
        }
    }

    /// <summary>A rounding mode of its own in MXCSR and the x87's control word.</summary>
    private sealed class RoundingMode(int seed) : Worker
    {
        private readonly int _mode = seed switch { 1 => Control.Up, 2 => Control.Down, _ => Control.TowardZero };

        protected override void Begin() => Control.SetRounding(_mode);

        protected override void End() => Control.SetRounding(Control.ToNearest);

        protected override bool RoundIsRight()
        {
            // The nearest to -1/3 lies above it; the nearest to 1/3 below.
            long third = _mode == Control.Up ? 0x3fd5555555555556 : 0x3fd5555555555555;
            long negative = _mode == Control.Down ? unchecked((long)0xbfd5555555555556) : unchecked((long)0xbfd5555555555555);
            bool right = true;
            for (int i = 0; i < 20_000; i++)
            {
                right &= BitConverter.DoubleToInt64Bits(Control.Divide(1, 3)) == third;
                right &= BitConverter.DoubleToInt64Bits(Control.Divide(-1, 3)) == negative;
            }
            return right & Control.GetRounding() == _mode;
        }
    }

    /// <summary>80-bit numbers in the x87's registers, inside the C library.</summary>
    private sealed unsafe class Extended(int seed) : Worker
    {
        protected override bool RoundIsRight()
        {
            bool right = true;
            Span<byte> text = stackalloc byte[64];
            for (int i = 0; i < 300; i++)
            {
                double value = Math.PI * seed * Math.Pow(10, i % 60 - 30) * (i + 1);
                value.TryFormat(text[..^1], out int length, "R");
                text[length] = 0;
                // Unsafe: the text ends with the zero above and lies on this stack.
                fixed (byte* start = text)
                    right &= BitConverter.DoubleToInt64Bits(Control.ParseLong(start, null)) == BitConverter.DoubleToInt64Bits(value);
            }
            return right;
        }
    }

    /// <summary>Faults between the steps: what was in registers before an exception is there after it was caught.</summary>
    private sealed class Faulting(int seed) : Worker
    {
        protected override bool RoundIsRight()
        {
            double a = seed * 0.25, b = seed * 0.5;
            Vector128<double> v = Vector128.Create(a, b);
            int caught = 0;
            for (int i = 0; i < 20; i++)
            {
                try
                {
                    v += Vector128.Create(Read(null, i), 1.0);
                }
                catch (NullReferenceException)
                {
                    caught++;
                    v += Vector128<double>.One;
                }
            }
            return caught == 20 && v == Vector128.Create(a + 20, b + 20);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static int Read(int[]? array, int index) => array![index];
    }

    /// <summary>
    /// Memory that is touched for the first time between the steps: a page is made, and zeroed, while registers are in use, as wide as there are.
    /// </summary>
    private sealed unsafe class Touching(int seed) : Worker
    {
        private const int Page = 4096, Pages = 64;

        protected override bool RoundIsRight()
        {
            nint memory = Control.Map(0, Pages * Page, 1 | 2 /* read, write */, 2 | 0x20 /* private, anonymous */, -1, 0);
            if (memory == -1)
                return true; // All workers together may want more than there is.
            // Unsafe: the mapping is as long as the round supposes, and nobody else's.
            bool right = Avx2.IsSupported ? Wide((byte*)memory, seed) : Narrow((byte*)memory, seed);
            return right & Control.Unmap(memory, Pages * Page) == 0;
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static bool Narrow(byte* memory, long seed)
        {
            Vector128<long> step = Vector128.Create(seed, seed * 31);
            Vector128<long> a = step, b = a + step, c = b + step, d = c + step, e = d + step, f = e + step, g = f + step, h = g + step, sum = Vector128<long>.Zero;
            Vector128<long> once = a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
            for (int page = 0; page < Pages; page++)
            {
                memory[page * Page + 8] = 1;
                sum += (a ^ b ^ c ^ d ^ e ^ f ^ g ^ h) + Vector128.Load((long*)(memory + page * Page + 16));
                (a, b, c, d, e, f, g, h) = (h, a, b, c, d, e, f, g);
            }
            return sum == once * Pages;
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static bool Wide(byte* memory, long seed)
        {
            if (!Avx2.IsSupported)
                return true;
            Vector256<long> step = Vector256.Create(seed, seed * 31, seed * 37, seed * 41);
            Vector256<long> a = step, b = Avx2.Add(a, step), c = Avx2.Add(b, step), d = Avx2.Add(c, step), sum = Vector256<long>.Zero;
            Vector256<long> once = Avx2.Xor(Avx2.Xor(a, b), Avx2.Xor(c, d));
            for (int page = 0; page < Pages; page++)
            {
                memory[page * Page + 8] = 1;
                sum = Avx2.Add(sum, Avx2.Add(Avx2.Xor(Avx2.Xor(a, b), Avx2.Xor(c, d)), Vector256.Load((long*)(memory + page * Page + 32))));
                (a, b, c, d) = (d, a, b, c);
            }
            return sum.Equals(Vector256.Create(once[0] * Pages, once[1] * Pages, once[2] * Pages, once[3] * Pages));
        }
    }
}
