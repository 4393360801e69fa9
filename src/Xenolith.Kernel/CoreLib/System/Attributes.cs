// Attributes that the compiler and ILC look for by name.
#pragma warning disable CS9113 // their arguments are read from the metadata, not by code
namespace System
{
    public enum AttributeTargets { All = 0x7FFF }

    public sealed class AttributeUsageAttribute(AttributeTargets targets) : Attribute
    {
        public bool AllowMultiple { get; set; }
        public bool Inherited { get; set; }
    }

    public sealed class ParamArrayAttribute : Attribute { }
    public sealed class FlagsAttribute : Attribute { }
    public sealed class ObsoleteAttribute(string message, bool error = false) : Attribute { }
}

namespace System.Reflection
{
    public sealed class DefaultMemberAttribute(string name) : Attribute { }
}

namespace System.Diagnostics
{
    public sealed class ConditionalAttribute(string condition) : Attribute { }
}

namespace System.Diagnostics.CodeAnalysis
{
    public sealed class DoesNotReturnAttribute : Attribute { }
    public sealed class DoesNotReturnIfAttribute(bool value) : Attribute { }
    public sealed class UnscopedRefAttribute : Attribute { }
}

namespace System.Runtime
{
    public sealed class RuntimeExportAttribute(string name) : Attribute { }
    public sealed class RuntimeImportAttribute : Attribute
    {
        public RuntimeImportAttribute(string name) { }
        public RuntimeImportAttribute(string library, string name) { }
    }
}

namespace System.Runtime.CompilerServices
{
    public sealed class IntrinsicAttribute : Attribute { }
    public sealed class IsReadOnlyAttribute : Attribute { }
    public sealed class IsByRefLikeAttribute : Attribute { }
    public sealed class IsUnmanagedAttribute : Attribute { }
    public sealed class ExtensionAttribute : Attribute { }
    public sealed class CompilerGeneratedAttribute : Attribute { }
    public sealed class ScopedRefAttribute : Attribute { }
    public sealed class RefSafetyRulesAttribute(int version) : Attribute { }
    public sealed class CompilerFeatureRequiredAttribute(string feature) : Attribute { }
    public sealed class FixedBufferAttribute(Type elementType, int length) : Attribute { }
    public sealed class UnsafeValueTypeAttribute : Attribute { }
    public sealed class InlineArrayAttribute(int length) : Attribute { }
    public sealed class SkipLocalsInitAttribute : Attribute { }
    public static class IsVolatile { }
    public static class IsExternalInit { }
    public class CallConvCdecl { }
    public class CallConvSuppressGCTransition { }

    public enum MethodImplOptions { NoInlining = 8, AggressiveInlining = 0x100, InternalCall = 0x1000 }
    public sealed class MethodImplAttribute(MethodImplOptions options) : Attribute { }
}

namespace System.Runtime.InteropServices
{
    public enum CallingConvention { Cdecl = 2 }
    public enum CharSet { None = 1, Ansi = 2, Unicode = 3 }
    public enum LayoutKind { Sequential = 0, Explicit = 2, Auto = 3 }
    public static class UnmanagedType { }
    public sealed class InAttribute : Attribute { }
    public sealed class OutAttribute : Attribute { }
    public sealed class SuppressGCTransitionAttribute : Attribute { }
    public sealed class FieldOffsetAttribute(int offset) : Attribute { }

    public sealed class StructLayoutAttribute(LayoutKind kind) : Attribute
    {
        public int Pack;
        public int Size;
        public CharSet CharSet;
    }

    public sealed class DllImportAttribute(string library) : Attribute
    {
        public string EntryPoint;
        public CharSet CharSet;
        public bool ExactSpelling;
        public bool SetLastError;
        public bool PreserveSig;
        public CallingConvention CallingConvention;
    }

    public sealed class UnmanagedCallersOnlyAttribute : Attribute
    {
        public string EntryPoint;
        public Type[] CallConvs;
    }

    public interface IDynamicInterfaceCastable
    {
        RuntimeTypeHandle GetDynamicInterfaceImplementation(RuntimeTypeHandle type);
        bool IsInterfaceImplemented(RuntimeTypeHandle type, bool throwIfNotImplemented);
    }

    public static class MemoryMarshal { }
}
