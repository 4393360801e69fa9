// The root of the type system. Layouts are those that ILC's code relies on.
using Internal.Runtime;

namespace System
{
    public unsafe class Object
    {
        internal MethodTable* _methodTable;

        public Object() { }
        ~Object() { }
        public virtual bool Equals(object other) => (object)this == other;
        public virtual int GetHashCode() => 0;
        public virtual string ToString() => "";
    }

    public abstract class ValueType { }
    public abstract class Enum : ValueType { }
    public class Attribute { }
    public class Type { }
    public class RuntimeType : Type { }
    public class Exception { }
    public interface IDisposable { void Dispose(); }

    public struct RuntimeTypeHandle { }
    public struct RuntimeMethodHandle { }
    public struct RuntimeFieldHandle { }

    public struct Nullable<T> where T : struct
    {
        private readonly bool hasValue;
        internal T value;

        public Nullable(T value) { this.value = value; hasValue = true; }
        public readonly bool HasValue => hasValue;
        public readonly T GetValueOrDefault() => value;
    }
}

namespace Internal.Runtime
{
    using System.Runtime.InteropServices;

    /// <summary>What ILC emits for every type; only its size and place matter here.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct MethodTable
    {
        internal ushort ComponentSize;
        internal ushort Flags;
        internal uint BaseSize;
        internal MethodTable* RelatedType;
        internal ushort VtableSlots;
        internal ushort Interfaces;
        internal uint HashCode;
    }
}
