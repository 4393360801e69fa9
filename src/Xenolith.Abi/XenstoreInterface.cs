// The page that a guest shares with xenstored and the messages that cross it (Xen: io/xs_wire.h, docs/misc/xenstore.txt).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>
/// <c>struct xenstore_domain_interface</c>: two byte rings in one page, indexed as in <see cref="ConsoleInterface"/>. The guest produces
/// <see cref="Req"/> and consumes <see cref="Rsp"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct XenstoreInterface
{
    /// <summary>Size of either ring in bytes (<c>XENSTORE_RING_SIZE</c>).</summary>
    public const int RingSize = 1024;

    /// <summary>Requests to xenstored.</summary>
    public fixed byte Req[RingSize];

    /// <summary>Replies and watch events from xenstored.</summary>
    public fixed byte Rsp[RingSize];

    /// <summary>Index of the next request byte to read; written by xenstored.</summary>
    public uint ReqCons;

    /// <summary>Index after the last request byte; written by the guest.</summary>
    public uint ReqProd;

    /// <summary>Index of the next reply byte to read; written by the guest.</summary>
    public uint RspCons;

    /// <summary>Index after the last reply byte; written by xenstored.</summary>
    public uint RspProd;

    /// <summary>What xenstored supports: <see cref="XenstoreServerFeature"/> bits.</summary>
    public uint ServerFeatures;

    /// <summary>State of the connection: a <see cref="XenstoreConnection"/> value.</summary>
    public uint Connection;

    /// <summary>Why xenstored gave up on the ring: a <see cref="XenstoreRingError"/> value.</summary>
    public uint Error;
}

/// <summary><c>struct xsd_sockmsg</c>: the header of every message, followed by <see cref="Len"/> bytes of payload. Little-endian.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenstoreMessageHeader
{
    /// <summary>What is asked or answered: a <see cref="XenstoreMessageType"/>.</summary>
    public uint Type;

    /// <summary>Chosen by the client and echoed in the reply; 0 in watch events.</summary>
    public uint ReqId;

    /// <summary>Transaction, or 0 for none.</summary>
    public uint TxId;

    /// <summary>Bytes of payload that follow, at most <see cref="XenstoreLimit.PayloadMax"/>.</summary>
    public uint Len;
}

/// <summary><c>enum xsd_sockmsg_type</c>: values of <see cref="XenstoreMessageHeader.Type"/>.</summary>
public enum XenstoreMessageType : uint
{
    /// <summary>A command to the daemon itself (privileged).</summary>
    Control = 0,

    /// <summary>Names of a node's children.</summary>
    Directory = 1,

    /// <summary>Value of a node.</summary>
    Read = 2,

    /// <summary>Permissions of a node.</summary>
    GetPerms = 3,

    /// <summary>Starts a watch on a path with a token.</summary>
    Watch = 4,

    /// <summary>Ends the watch of that path and token.</summary>
    Unwatch = 5,

    /// <summary>Opens a transaction; the reply is its id in decimal.</summary>
    TransactionStart = 6,

    /// <summary>Commits ("T") or aborts ("F") a transaction.</summary>
    TransactionEnd = 7,

    /// <summary>Tells xenstored of a new domain (privileged).</summary>
    Introduce = 8,

    /// <summary>Tells xenstored that a domain is gone (privileged).</summary>
    Release = 9,

    /// <summary>Home path of a domain.</summary>
    GetDomainPath = 10,

    /// <summary>Sets the value of a node, which is made where missing.</summary>
    Write = 11,

    /// <summary>Makes an empty node.</summary>
    Mkdir = 12,

    /// <summary>Removes a node and all below it.</summary>
    Rm = 13,

    /// <summary>Sets the permissions of a node.</summary>
    SetPerms = 14,

    /// <summary>From xenstored: a watched path changed.</summary>
    WatchEvent = 15,

    /// <summary>From xenstored: the request failed; the payload names the error.</summary>
    Error = 16,

    /// <summary>Asks whether a domain is known ("T" or "F").</summary>
    IsDomainIntroduced = 17,

    /// <summary>Clears a domain's shutdown state (privileged).</summary>
    Resume = 18,

    /// <summary>Gives a domain another's rights (privileged).</summary>
    SetTarget = 19,

    /// <summary>Ends every watch and transaction of the connection.</summary>
    ResetWatches = 21,

    /// <summary>A part of a long list of children.</summary>
    DirectoryPart = 22,

    /// <summary>Features offered to a domain, as <see cref="XenstoreServerFeature"/> bits in decimal (Xen 4.22).</summary>
    GetFeature = 23,

    /// <summary>Sets the features offered to a domain that is yet to be introduced (privileged, Xen 4.22).</summary>
    SetFeature = 24,

    /// <summary>A quota's value, or the names of all (privileged, Xen 4.22).</summary>
    GetQuota = 25,

    /// <summary>Sets a quota (privileged, Xen 4.22).</summary>
    SetQuota = 26,

    /// <summary>Never a valid type.</summary>
    Invalid = 0xffff,
}

/// <summary>Limits of the protocol, in bytes.</summary>
public static class XenstoreLimit
{
    /// <summary>Payload of one message. Breaking it ends the connection.</summary>
    public const int PayloadMax = 4096;

    /// <summary>Length of a path that begins with a slash.</summary>
    public const int AbsPathMax = 3072;

    /// <summary>Length of a path relative to the domain's home.</summary>
    public const int RelPathMax = 2048;
}

/// <summary>Bits of <see cref="XenstoreInterface.ServerFeatures"/> (<c>XENSTORE_SERVER_FEATURE_*</c>).</summary>
public static class XenstoreServerFeature
{
    /// <summary>The guest may ask to have the ring reset.</summary>
    public const uint Reconnection = 1;

    /// <summary><see cref="XenstoreInterface.Error"/> is maintained.</summary>
    public const uint Error = 2;

    /// <summary>A watch may name a depth.</summary>
    public const uint WatchDepth = 4;

    /// <summary>Permissions may name all domains.</summary>
    public const uint AnyDomain = 8;
}

/// <summary>Values of <see cref="XenstoreInterface.Connection"/>.</summary>
public static class XenstoreConnection
{
    /// <summary>The usual state.</summary>
    public const uint Connected = 0;

    /// <summary>The guest has asked for a reset, which xenstored has yet to do.</summary>
    public const uint Reconnect = 1;
}

/// <summary>Values of <see cref="XenstoreInterface.Error"/> (<c>XENSTORE_ERROR_*</c>).</summary>
public static class XenstoreRingError
{
    /// <summary>No error.</summary>
    public const uint None = 0;

    /// <summary>Communication problem.</summary>
    public const uint Comm = 1;

    /// <summary>An index was out of range.</summary>
    public const uint RingIdx = 2;

    /// <summary>A message was longer than <see cref="XenstoreLimit.PayloadMax"/>.</summary>
    public const uint Proto = 3;
}
