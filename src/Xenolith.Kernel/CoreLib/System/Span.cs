// Spans over unmanaged memory: every index is checked, and a bad one is a kernel panic.
using System.Runtime.CompilerServices;
using Internal.Runtime.CompilerHelpers;

namespace System
{
    public readonly unsafe ref struct Span<T>
    {
        internal readonly ref T reference;
        private readonly int length;

        public Span(void* pointer, int length)
        {
            reference = ref *(T*)pointer;
            this.length = length;
        }

        internal Span(ref T reference, int length)
        {
            this.reference = ref reference;
            this.length = length;
        }

        public int Length { [Intrinsic] get => length; }
        public bool IsEmpty => length == 0;

        public ref T this[int index]
        {
            [Intrinsic]
            get
            {
                if ((uint)index >= (uint)length)
                    ThrowHelpers.ThrowIndexOutOfRangeException();
                return ref Unsafe.Add(ref reference, index);
            }
        }

        public Span<T> Slice(int start)
        {
            if ((uint)start > (uint)length)
                ThrowHelpers.ThrowArgumentOutOfRangeException();
            return new Span<T>(ref Unsafe.Add(ref reference, start), length - start);
        }

        public Span<T> Slice(int start, int count)
        {
            if ((uint)start > (uint)length || (uint)count > (uint)(length - start))
                ThrowHelpers.ThrowArgumentOutOfRangeException();
            return new Span<T>(ref Unsafe.Add(ref reference, start), count);
        }

        public void Clear()
        {
            for (int i = 0; i < length; i++)
                Unsafe.Add(ref reference, i) = default;
        }

        public void CopyTo(Span<T> destination) => ((ReadOnlySpan<T>)this).CopyTo(destination);

        public ref T GetPinnableReference() => ref reference;

        public static implicit operator ReadOnlySpan<T>(Span<T> span) => new(ref span.reference, span.length);
    }

    public readonly unsafe ref struct ReadOnlySpan<T>
    {
        internal readonly ref T reference;
        private readonly int length;

        public ReadOnlySpan(void* pointer, int length)
        {
            reference = ref *(T*)pointer;
            this.length = length;
        }

        /// <summary>For the compiler, which makes u8 literals with it.</summary>
        public ReadOnlySpan(T[] array, int start, int length)
        {
            reference = ref array[start];
            this.length = length;
        }

        internal ReadOnlySpan(ref T reference, int length)
        {
            this.reference = ref reference;
            this.length = length;
        }

        public int Length { [Intrinsic] get => length; }
        public bool IsEmpty => length == 0;

        public ref readonly T this[int index]
        {
            [Intrinsic]
            get
            {
                if ((uint)index >= (uint)length)
                    ThrowHelpers.ThrowIndexOutOfRangeException();
                return ref Unsafe.Add(ref reference, index);
            }
        }

        public ReadOnlySpan<T> Slice(int start)
        {
            if ((uint)start > (uint)length)
                ThrowHelpers.ThrowArgumentOutOfRangeException();
            return new ReadOnlySpan<T>(ref Unsafe.Add(ref reference, start), length - start);
        }

        public ReadOnlySpan<T> Slice(int start, int count)
        {
            if ((uint)start > (uint)length || (uint)count > (uint)(length - start))
                ThrowHelpers.ThrowArgumentOutOfRangeException();
            return new ReadOnlySpan<T>(ref Unsafe.Add(ref reference, start), count);
        }

        public void CopyTo(Span<T> destination)
        {
            if ((uint)length > (uint)destination.Length)
                ThrowHelpers.ThrowArgumentOutOfRangeException();
            // Overlapping spans are copied from the safe end, as the BCL does.
            fixed (T* from = this, to = destination)
            {
                if (to > from)
                    for (int i = length - 1; i >= 0; i--)
                        Unsafe.Add(ref destination.reference, i) = Unsafe.Add(ref reference, i);
                else
                    for (int i = 0; i < length; i++)
                        Unsafe.Add(ref destination.reference, i) = Unsafe.Add(ref reference, i);
            }
        }

        public ref readonly T GetPinnableReference() => ref reference;
    }
}
