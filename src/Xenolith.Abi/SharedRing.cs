// The start of a request/response ring in shared memory (Xen: io/ring.h, DEFINE_RING_TYPES).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>
/// What every <c>struct NAME_sring</c> begins with: four indexes that run freely modulo 2^32. The slots follow at <see cref="Ring"/>; their number is
/// the largest power of two that fits into the ring's pages.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = Ring)]
public struct SharedRing
{
    /// <summary>Offset of the first slot in bytes.</summary>
    public const int Ring = 64;

    /// <summary>Requests made so far; written by the front end.</summary>
    public uint ReqProd;

    /// <summary>The back end wants to be notified when <see cref="ReqProd"/> passes this.</summary>
    public uint ReqEvent;

    /// <summary>Responses made so far; written by the back end.</summary>
    public uint RspProd;

    /// <summary>The front end wants to be notified when <see cref="RspProd"/> passes this.</summary>
    public uint RspEvent;
}
