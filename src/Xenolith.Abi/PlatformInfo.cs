// The platform ABI: what the kernel tells a program of itself and of the hypervisor, by xl_platform_info.

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>Filled by <c>int xl_platform_info(PlatformInfo*)</c>: 0, or -38 (ENOSYS) where the program runs as a Linux process.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct PlatformInfo
{
    /// <summary>Bytes of <see cref="ExtraVersion"/>.</summary>
    public const int ExtraVersionLength = 16;

    /// <summary>Major version of the hypervisor.</summary>
    public ushort MajorVersion;

    /// <summary>Minor version of the hypervisor.</summary>
    public ushort MinorVersion;

    /// <summary>Number of this domain; -1 where Xen does not tell.</summary>
    public int DomainId;

    /// <summary>What follows the version number, as text that a NUL ends.</summary>
    public fixed byte ExtraVersion[ExtraVersionLength];

    /// <summary>RAM that the domain was started with, in bytes.</summary>
    public ulong MemoryBytes;

    /// <summary>Nanoseconds since the guest's first instruction, by Xen's clock.</summary>
    public ulong SinceEntry;
}
