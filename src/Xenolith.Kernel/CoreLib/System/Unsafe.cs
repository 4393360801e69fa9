// References, memory barriers and bit counting: mostly intrinsics that ILC expands in place.
using System.Runtime.CompilerServices;

namespace System.Runtime.CompilerServices
{
    public static unsafe class Unsafe
    {
        [Intrinsic] public static extern ref T Add<T>(ref T source, int elements);
        [Intrinsic] public static extern ref TTo As<TFrom, TTo>(ref TFrom source);
        [Intrinsic] public static extern T As<T>(object value);

        /// <summary>The address of a static or other memory that does not move: in the kernel nothing does.</summary>
        public static void* AsPointer<T>(ref T value)
        {
            fixed (T* pointer = &value)
                return pointer;
        }
    }

    public static class RuntimeHelpers
    {
        public static int OffsetToStringData { [Intrinsic] get => 12; }
        [Intrinsic] public static extern void InitializeArray(Array array, RuntimeFieldHandle field);
        [Intrinsic] public static extern ReadOnlySpan<T> CreateSpan<T>(RuntimeFieldHandle field);
    }

    public static class RuntimeFeature
    {
        public const string ByRefFields = nameof(ByRefFields);
        public const string NumericIntPtr = nameof(NumericIntPtr);
        public const string UnmanagedSignatureCallingConvention = nameof(UnmanagedSignatureCallingConvention);
        public const string VirtualStaticsInInterfaces = nameof(VirtualStaticsInInterfaces);
        public const string DefaultImplementationsOfInterfaces = nameof(DefaultImplementationsOfInterfaces);
    }
}

namespace System.Threading
{
    public static class Interlocked
    {
        [Intrinsic] public static extern int CompareExchange(ref int location, int value, int comparand);
        [Intrinsic] public static extern long CompareExchange(ref long location, long value, long comparand);
        [Intrinsic] public static extern int Exchange(ref int location, int value);
        [Intrinsic] public static extern long Exchange(ref long location, long value);
        [Intrinsic] public static extern int ExchangeAdd(ref int location, int value);
        [Intrinsic] public static extern long ExchangeAdd(ref long location, long value);
        [Intrinsic] public static extern void MemoryBarrier();

        public static int Add(ref int location, int value) => ExchangeAdd(ref location, value) + value;
        public static long Add(ref long location, long value) => ExchangeAdd(ref location, value) + value;
    }

    /// <summary>Acquire reads and release writes: on x86-64 a plain access that the compiler may neither repeat nor move.</summary>
    public static class Volatile
    {
        private struct ByteBox { public volatile byte Value; }
        private struct Int32Box { public volatile int Value; }
        private struct UInt32Box { public volatile uint Value; }
        private struct NativeBox { public volatile nint Value; }

        public static byte Read(ref byte location) => Unsafe.As<byte, ByteBox>(ref location).Value;
        public static int Read(ref int location) => Unsafe.As<int, Int32Box>(ref location).Value;
        public static uint Read(ref uint location) => Unsafe.As<uint, UInt32Box>(ref location).Value;
        public static long Read(ref long location) => Unsafe.As<long, NativeBox>(ref location).Value;
        public static ulong Read(ref ulong location) => (ulong)Unsafe.As<ulong, NativeBox>(ref location).Value;
        public static void Write(ref byte location, byte value) => Unsafe.As<byte, ByteBox>(ref location).Value = value;
        public static void Write(ref int location, int value) => Unsafe.As<int, Int32Box>(ref location).Value = value;
        public static void Write(ref uint location, uint value) => Unsafe.As<uint, UInt32Box>(ref location).Value = value;
        public static void Write(ref long location, long value) => Unsafe.As<long, NativeBox>(ref location).Value = (nint)value;
        public static void Write(ref ulong location, ulong value) => Unsafe.As<ulong, NativeBox>(ref location).Value = (nint)value;
    }
}

namespace System.Numerics
{
    /// <summary>Bit counting; the compiler's intrinsics carry the BCL's names.</summary>
    public static class BitOperations
    {
        public static int LeadingZeroCount(ulong value) => value == 0 ? 64 : 63 - Log2(value);
        public static int LeadingZeroCount(uint value) => value == 0 ? 32 : 31 - Log2(value);
        public static int TrailingZeroCount(ulong value) => value == 0 ? 64 : Log2(value & (0 - value));
        public static int TrailingZeroCount(uint value) => TrailingZeroCount((ulong)value | 1ul << 32);
        public static int Log2(uint value) => Log2((ulong)value);
        public static uint RotateLeft(uint value, int offset) => value << offset | value >> 32 - offset;
        public static ulong RotateLeft(ulong value, int offset) => value << offset | value >> 64 - offset;

        public static int Log2(ulong value)
        {
            int log = 0;
            if (value >> 32 != 0) { value >>= 32; log = 32; }
            if (value >> 16 != 0) { value >>= 16; log += 16; }
            if (value >> 8 != 0) { value >>= 8; log += 8; }
            if (value >> 4 != 0) { value >>= 4; log += 4; }
            if (value >> 2 != 0) { value >>= 2; log += 2; }
            return log + (int)(value >> 1);
        }

        public static int PopCount(ulong value)
        {
            value -= value >> 1 & 0x5555555555555555;
            value = (value & 0x3333333333333333) + (value >> 2 & 0x3333333333333333);
            value = value + (value >> 4) & 0x0F0F0F0F0F0F0F0F;
            return (int)(value * 0x0101010101010101 >> 56);
        }
    }
}
