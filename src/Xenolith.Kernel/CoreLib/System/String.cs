// Strings are literals: they are in the image, already built.
using System.Runtime.CompilerServices;

namespace System
{
    public sealed class String
    {
        private readonly int length;
        private char firstChar;

        public int Length { [Intrinsic] get => length; }
        public char this[int index] { [Intrinsic] get => Unsafe.Add(ref firstChar, index); }
        public ref readonly char GetPinnableReference() => ref firstChar;
    }

    public abstract class Array
    {
        private readonly int length;
        public int Length { [Intrinsic] get => length; }
    }

    internal class Array<T> : Array { }

    public abstract class Delegate { }
    public abstract class MulticastDelegate : Delegate { }
}
