// The page that a guest shares with its console back end (Xen: io/console.h), and the emergency console of the hypervisor.

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>
/// <c>struct xencons_interface</c>: two byte rings in one page. Indexes run freely modulo 2^32; the byte of index i lies at
/// <c>i mod ring size</c>. The guest produces <see cref="Out"/> and consumes <see cref="In"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct ConsoleInterface
{
    /// <summary>Size of <see cref="In"/> in bytes.</summary>
    public const int InSize = 1024;

    /// <summary>Size of <see cref="Out"/> in bytes.</summary>
    public const int OutSize = 2048;

    /// <summary>Input: bytes from the back end to the guest.</summary>
    public fixed byte In[InSize];

    /// <summary>Output: bytes from the guest to the back end.</summary>
    public fixed byte Out[OutSize];

    /// <summary>Index of the next input byte to read; written by the guest.</summary>
    public uint InCons;

    /// <summary>Index after the last input byte; written by the back end.</summary>
    public uint InProd;

    /// <summary>Index of the next output byte to read; written by the back end.</summary>
    public uint OutCons;

    /// <summary>Index after the last output byte; written by the guest.</summary>
    public uint OutProd;
}

/// <summary>Commands of the hypercall <c>console_io</c> (<c>CONSOLEIO_*</c>): the hypervisor's own log, rate-limited and cut for a guest.</summary>
public static class ConsoleIoCommand
{
    /// <summary>Appends bytes to the hypervisor's console.</summary>
    public const int Write = 0;

    /// <summary>Reads bytes from the hypervisor's console (hardware domain only).</summary>
    public const int Read = 1;
}
