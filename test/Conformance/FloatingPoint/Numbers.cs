// Results that do not depend on where the program runs.
using System.Numerics;
using System.Runtime.Intrinsics;

namespace Conformance;

internal static class Numbers
{
    internal static void Show()
    {
        double[] values = [0.1, -2.5, 1e-310, 1e300, double.Epsilon, Math.PI, 123456789.123456789];
        foreach (double x in values)
        {
            Console.WriteLine(
                $"{x:R}: {Bits(Math.Sin(x))} {Bits(Math.Exp(x))} {Bits(Math.Log(Math.Abs(x)))} {Bits(Math.Pow(Math.Abs(x), 0.3))} {Bits(Math.Atan2(x, 3))} {Bits(Math.Cbrt(x))} {Bits(Math.FusedMultiplyAdd(x, x, -x))} {Bits(x % 0.7)}");
        }
        Console.WriteLine($"{float.MaxValue * 2} {(float)1e-46} {Math.Round(2.5)} {Math.Round(3.5)} {Math.Floor(-0.5)} {int.CreateSaturating(1e10f)} {(Half)1.0009765625f} {0.1 + 0.2:R} {1e23:R} {float.Parse("1.17549429e-38"):R}");
        Console.WriteLine($"{decimal.Parse("79228162514264337593543950335") / 3} {new Complex(3, 4).Magnitude} {BigInteger.Pow(3, 200) % 1_000_000_007} {Int128.MaxValue / 7}");
    }

    internal static void Vectors()
    {
        Vector128<float> a = Vector128.Create(1.5f, -2, 3, 4);
        Console.WriteLine($"{a * a + Vector128.Sqrt(Vector128.Abs(a))} {Vector128.Dot(a, a)} {Vector128.GreaterThan(a, Vector128<float>.One)}");
        Console.WriteLine($"{Vector128.Shuffle(Vector128.Create((byte)0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), Vector128.Create((byte)15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0))}");
        Vector256<long> wide = Vector256.Create(1L, -2, 3, long.MinValue);
        Console.WriteLine($"{wide + wide} {Vector256.Max(wide, Vector256<long>.Zero)} {Vector256.Sum(wide)}");
        Console.WriteLine($"{Vector512.Create(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16) * 3}");
        Console.WriteLine($"{Vector3.Cross(new(1, 2, 3), new(-3, 0, 1))} {Matrix4x4.CreateRotationX(1).GetDeterminant()} {Quaternion.Normalize(new(1, 2, 3, 4))}");
        Console.WriteLine($"{BitOperations.PopCount(0xF0F0F0F0F0)} {BitOperations.LeadingZeroCount(1u)} {BitOperations.Crc32C(0, 12345u):x}");
    }

    private static string Bits(double value) => double.IsNaN(value) ? "NaN" : $"{BitConverter.DoubleToInt64Bits(value):x}";
}
