// What ILC calls on behalf of compiled code: checks that failed, memory moves, and entry points that a kernel has no use for.
using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using Xenolith.Kernel.Diagnostics;

namespace Internal.Runtime.CompilerHelpers
{
    /// <summary>The targets of failed run-time checks. In the kernel each is a defect, so each is a panic.</summary>
    internal static class ThrowHelpers
    {
        internal static void ThrowIndexOutOfRangeException() => Panic.Stop("index out of range");
        internal static void ThrowDivideByZeroException() => Panic.Stop("division by zero");
        internal static void ThrowNullReferenceException() => Panic.Stop("null reference");
        internal static void ThrowOverflowException() => Panic.Stop("arithmetic overflow");
        internal static void ThrowArgumentOutOfRangeException() => Panic.Stop("argument out of range");
        internal static void ThrowArgumentException() => Panic.Stop("bad argument");
        internal static void ThrowArgumentNullException() => Panic.Stop("null argument");
        internal static void ThrowArrayTypeMismatchException() => Panic.Stop("array type mismatch");
        internal static void ThrowInvalidCastException() => Panic.Stop("invalid cast");
        internal static void ThrowNotSupportedException() => Panic.Stop("not supported");
        internal static void ThrowNotImplementedException() => Panic.Stop("method without a body");
        internal static void ThrowPlatformNotSupportedException() => Panic.Stop("not supported here");
        internal static void ThrowBodyRemoved() => Panic.Stop("method body was removed");
        internal static void ThrowFeatureBodyRemoved() => Panic.Stop("method body was removed");
        internal static void ThrowInstanceBodyRemoved() => Panic.Stop("method body was removed");
        internal static void ThrowUnavailableType() => Panic.Stop("type is not in the image");
        internal static void ThrowInvalidProgramException(int id) => Panic.Stop("invalid program");
        internal static void ThrowInvalidProgramExceptionWithArgument(int id, string name) => Panic.Stop("invalid program");
        internal static void ThrowTypeLoadException(int id, string type, string assembly) => Panic.Stop("type cannot be loaded");
        internal static void ThrowTypeLoadExceptionWithArgument(int id, string type, string assembly, string name) => Panic.Stop("type cannot be loaded");
        internal static void ThrowMissingMethodException(int id, string method) => Panic.Stop("missing method");
        internal static void ThrowMissingFieldException(int id, string field) => Panic.Stop("missing field");
        internal static void ThrowFileNotFoundException(int id, string file) => Panic.Stop("missing assembly");
        internal static void ThrowBadImageFormatException(int id) => Panic.Stop("bad image format");
    }

    internal static class LdTokenHelpers
    {
        private static unsafe RuntimeTypeHandle GetRuntimeTypeHandle(MethodTable* type) => default;
        private static RuntimeMethodHandle GetRuntimeMethodHandle(nint method) => default;
        private static RuntimeFieldHandle GetRuntimeFieldHandle(nint field) => default;
        private static unsafe Type GetRuntimeType(MethodTable* type) => null;
    }

    /// <summary>Transitions between managed and native code. The kernel has one mode only, so they do nothing.</summary>
    internal static class Transitions
    {
        [RuntimeExport("RhpReversePInvoke")] private static void ReversePInvoke(nint frame) { }
        [RuntimeExport("RhpReversePInvokeReturn")] private static void ReversePInvokeReturn(nint frame) { }
        [RuntimeExport("RhpPInvoke")] private static void PInvoke(nint frame) { }
        [RuntimeExport("RhpPInvokeReturn")] private static void PInvokeReturn(nint frame) { }
        [RuntimeExport("RhpGcPoll")] private static void GcPoll() { }
        /// <summary>What a function with a buffer on its stack calls when the cookie above it has changed.</summary>
        [RuntimeExport("RhpFallbackFailFast")] private static void FallbackFailFast() => Panic.Stop("a buffer on the stack was overrun");
    }
}

namespace System.Runtime
{
    using Internal.Runtime;

    /// <summary>Casts between classes: the kernel makes no objects, so none can run.</summary>
    internal static unsafe class TypeCast
    {
        private static object CheckCastAny(MethodTable* type, object value) => Refuse();
        private static object CheckCastInterface(MethodTable* type, object value) => Refuse();
        private static object CheckCastClass(MethodTable* type, object value) => Refuse();
        private static object CheckCastClassSpecial(MethodTable* type, object value) => Refuse();
        private static object IsInstanceOfAny(MethodTable* type, object value) => Refuse();
        private static object IsInstanceOfInterface(MethodTable* type, object value) => Refuse();
        private static object IsInstanceOfClass(MethodTable* type, object value) => Refuse();
        private static bool IsInstanceOfException(MethodTable* type, object value) => Refuse() != null;
        private static void StelemRef(object[] array, nint index, object value) => Refuse();

        private static ref object LdelemaRef(object[] array, nint index, MethodTable* type)
        {
            Refuse();
            return ref array[0];
        }

        private static object Refuse()
        {
            Panic.Stop("cast of a managed object");
            return null;
        }
    }
}

namespace System.Runtime.CompilerServices
{
    using System.Runtime.InteropServices;

    [StructLayout(LayoutKind.Sequential)]
    public struct StaticClassConstructionContext
    {
        public nint cctorMethodAddress;
    }

    /// <summary>ILC wants these to exist; the build fails when anything would call them.</summary>
    internal static unsafe class ClassConstructorRunner
    {
        private static void CheckStaticClassConstruction(ref StaticClassConstructionContext context) => Refuse();

        private static nint CheckStaticClassConstructionReturnNonGCStaticBase(StaticClassConstructionContext* context, nint statics)
        {
            Refuse();
            return statics;
        }

        private static object CheckStaticClassConstructionReturnGCStaticBase(StaticClassConstructionContext* context, object statics)
        {
            Refuse();
            return statics;
        }

        private static object CheckStaticClassConstructionReturnThreadStaticBase(StaticClassConstructionContext* context, object statics)
        {
            Refuse();
            return statics;
        }

        private static void Refuse() => Panic.Stop("class constructor");
    }
}

namespace System
{
    using Xenolith.Kernel.Cpu;

    /// <summary>Block operations that ILC emits calls to; the loops are in assembly.</summary>
    internal static unsafe class SpanHelpers
    {
        internal static void Memmove(ref byte destination, ref byte source, nuint length)
        {
            fixed (byte* to = &destination, from = &source)
                Asm.Move(to, from, length);
        }

        internal static void ClearWithoutReferences(ref byte destination, nuint length)
        {
            fixed (byte* to = &destination)
                Asm.Fill(to, 0, length);
        }

        internal static void Fill(ref byte destination, byte value, nuint length)
        {
            fixed (byte* to = &destination)
                Asm.Fill(to, value, length);
        }

        [RuntimeExport("RhSpanHelpers_MemCopy")]
        private static void MemCopy(ref byte destination, ref byte source, nuint length) => Memmove(ref destination, ref source, length);

        [RuntimeExport("RhSpanHelpers_MemZero")]
        private static void MemZero(ref byte destination, nuint length) => ClearWithoutReferences(ref destination, length);

        [RuntimeExport("RhSpanHelpers_MemSet")]
        private static void MemSet(ref byte destination, byte value, nuint length) => Fill(ref destination, value, length);
    }

    public static class Buffer
    {
        internal static void BulkMoveWithWriteBarrier(ref byte destination, ref byte source, nuint length) =>
            SpanHelpers.Memmove(ref destination, ref source, length);

        internal static void Memmove(ref byte destination, ref byte source, nuint length) =>
            SpanHelpers.Memmove(ref destination, ref source, length);
    }
}

namespace System.Collections
{
    public interface IEnumerator
    {
        object Current { get; }
        bool MoveNext();
        void Reset();
    }

    public interface IEnumerable
    {
        IEnumerator GetEnumerator();
    }
}

namespace System.Collections.Generic
{
    public interface IEnumerator<T> : IEnumerator, IDisposable
    {
        new T Current { get; }
    }

    public interface IEnumerable<T> : IEnumerable
    {
        new IEnumerator<T> GetEnumerator();
    }
}
