// Version and features of the hypervisor (Xen: version.h, features.h).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>Operations of <see cref="Hypercall.XenVersion"/> (<c>XENVER_*</c>). Arguments: operation, pointer.</summary>
public static class VersionOp
{
    /// <summary>Result: major version in bits 31-16, minor in 15-0. No argument.</summary>
    public const int Version = 0;

    /// <summary>The rest of the version. Argument: <see cref="ExtraVersionLen"/> bytes, which receive a NUL-terminated string.</summary>
    public const int ExtraVersion = 1;

    /// <summary>Modes of guests supported. Argument: 1024 bytes, which receive a NUL-terminated string.</summary>
    public const int Capabilities = 3;

    /// <summary>A part of the feature bits. Argument: <see cref="XenFeatureInfo"/>.</summary>
    public const int GetFeatures = 6;

    /// <summary>Result: page size in bytes. No argument.</summary>
    public const int PageSize = 7;

    /// <summary>The domain's UUID. Argument: 16 bytes.</summary>
    public const int GuestHandle = 8;

    /// <summary>Bytes of the string of <see cref="ExtraVersion"/>.</summary>
    public const int ExtraVersionLen = 16;
}

/// <summary><c>struct xen_feature_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenFeatureInfo
{
    /// <summary>Which 32 features to report; 0 is the only one in use.</summary>
    public uint SubmapIdx;

    /// <summary>Out: one bit a feature, <see cref="XenFeature"/>.</summary>
    public uint Submap;
}

/// <summary>Bit numbers of <see cref="XenFeatureInfo.Submap"/> (<c>XENFEAT_*</c>).</summary>
public static class XenFeature
{
    /// <summary>Page tables need no write protection.</summary>
    public const int WritablePageTables = 0;

    /// <summary>Descriptor tables need no write protection.</summary>
    public const int WritableDescriptorTables = 1;

    /// <summary>Xen translates guest-physical addresses.</summary>
    public const int AutoTranslatedPhysmap = 2;

    /// <summary>The kernel runs in ring 0.</summary>
    public const int SupervisorModeKernel = 3;

    /// <summary>Event upcalls can be delivered on a vector (<see cref="HvmCallbackType.Vector"/>).</summary>
    public const int HvmCallbackVector = 8;

    /// <summary>The clock of <see cref="VcpuTimeInfo"/> can be used by an HVM guest.</summary>
    public const int HvmSafePvclock = 9;

    /// <summary>This is the first domain.</summary>
    public const int Dom0 = 11;
}
