// The platform ABI's structure about the ring to xenstored: shared by the kernel and the libraries (docs/platform-abi.md).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>
/// What a program is about to put into its ring to xenstored and does not fit at once: argument of <c>xl_xenstore_unsent</c>. Whole messages, the
/// first of which begins at <see cref="Start"/>. The kernel looks at it when the program ends, and puts the rest into the ring before its own last
/// message.
/// </summary>
/// <remarks>
/// Written in this order: <see cref="Length"/> 0, <see cref="Address"/> and <see cref="Start"/>, <see cref="Length"/>, and only then the ring's
/// index.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformXenstoreUnsent
{
    /// <summary>Address of the bytes, which stay until <see cref="Length"/> is 0 again.</summary>
    public ulong Address;

    /// <summary>The ring's producer index at which the first byte goes in.</summary>
    public uint Start;

    /// <summary>Number of bytes; 0: nothing is left over.</summary>
    public uint Length;
}
