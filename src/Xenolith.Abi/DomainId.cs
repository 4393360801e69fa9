// Domain numbers with a meaning of their own (Xen: xen.h, DOMID_*).

namespace Xenolith.Abi;

/// <summary>Reserved values of <c>domid_t</c>. Ordinary domains have numbers below <see cref="FirstReserved"/>.</summary>
public static class DomainId
{
    /// <summary>The first number that no domain has.</summary>
    public const ushort FirstReserved = 0x7FF0;

    /// <summary>The caller.</summary>
    public const ushort Self = 0x7FF0;

    /// <summary>Owner of I/O memory.</summary>
    public const ushort Io = 0x7FF1;

    /// <summary>Owner of Xen's heap.</summary>
    public const ushort Xen = 0x7FF2;

    /// <summary>Owner of shareable pages.</summary>
    public const ushort Cow = 0x7FF3;

    /// <summary>No domain.</summary>
    public const ushort Invalid = 0x7FF4;
}
