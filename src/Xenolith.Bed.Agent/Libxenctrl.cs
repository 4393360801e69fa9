using System.Runtime.InteropServices;

namespace Xenolith.Bed.Agent;

/// <summary>What the agent uses of Xen's libxenctrl, whose version the bed's packages pin.</summary>
internal static unsafe partial class Libxenctrl
{
    public const uint Dying = 1;
    public const uint Crashed = 2;
    public const uint Shutdown = 4;
    public const uint Paused = 8;
    public const int ReasonCrash = 3;

    private const string Library = "libxenctrl.so.4.17";

    [LibraryImport(Library, EntryPoint = "xc_interface_open")]
    public static partial nint Open(nint logger, nint domainBuilderLogger, uint flags);

    [LibraryImport(Library, EntryPoint = "xc_interface_close")]
    public static partial int Close(nint handle);

    [LibraryImport(Library, EntryPoint = "xc_domain_getinfo", SetLastError = true)]
    public static partial int GetInfo(nint handle, uint first, uint count, DomainInfo* info);

    [LibraryImport(Library, EntryPoint = "xc_domain_pause", SetLastError = true)]
    public static partial int Pause(nint handle, uint domain);

    [LibraryImport(Library, EntryPoint = "xc_domain_unpause", SetLastError = true)]
    public static partial int Unpause(nint handle, uint domain);

    [LibraryImport(Library, EntryPoint = "xc_domain_shutdown", SetLastError = true)]
    public static partial int ShutdownDomain(nint handle, uint domain, int reason);

    [LibraryImport(Library, EntryPoint = "xc_vcpu_getcontext", SetLastError = true)]
    public static partial int GetContext(nint handle, uint domain, uint vcpu, VcpuContext* context);

    [LibraryImport(Library, EntryPoint = "xc_vcpu_setcontext", SetLastError = true)]
    public static partial int SetContext(nint handle, uint domain, uint vcpu, VcpuContext* context);

    /// <summary>xc_dominfo_t of Xen 4.17's xenctrl.h: the fields used here; the whole is well below its size of 512.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 512)]
    public struct DomainInfo
    {
        [FieldOffset(0)]
        public uint Domain;

        /// <summary>Bit fields: dying, crashed, shutdown, paused, blocked, running, ...</summary>
        [FieldOffset(8)]
        public uint Flags;

        [FieldOffset(12)]
        public int ShutdownReason;
    }
}
