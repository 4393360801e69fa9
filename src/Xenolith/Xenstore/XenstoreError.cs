// Error names of the protocol. xenstored sends the name, not a number, so that they mean the same on every system.

namespace Xenolith.Xenstore;

/// <summary>Why xenstored refused a request, spelled as POSIX and the protocol do (Xen: <c>io/xs_wire.h</c>, <c>xsd_errors</c>).</summary>
public enum XenstoreError
{
    /// <summary>A name that this library does not know; the exception's message has it.</summary>
    Unknown,

    /// <summary>The request or its path is malformed.</summary>
    EINVAL,

    /// <summary>The permissions of the node, or of the nearest node above that exists, forbid it.</summary>
    EACCES,

    /// <summary>It exists already, for example a watch with the same path and token.</summary>
    EEXIST,

    /// <summary>Is a directory.</summary>
    EISDIR,

    /// <summary>No such node, watch, transaction or domain.</summary>
    ENOENT,

    /// <summary>xenstored is out of memory.</summary>
    ENOMEM,

    /// <summary>A quota of the domain is used up.</summary>
    ENOSPC,

    /// <summary>xenstored's database failed.</summary>
    EIO,

    /// <summary>Not empty.</summary>
    ENOTEMPTY,

    /// <summary>xenstored does not offer this request.</summary>
    ENOSYS,

    /// <summary>The connection may only read.</summary>
    EROFS,

    /// <summary>Busy, for example a transaction begun inside another.</summary>
    EBUSY,

    /// <summary>Another client changed what a transaction is based on.</summary>
    EAGAIN,

    /// <summary>The domain is connected already.</summary>
    EISCONN,

    /// <summary>The reply does not fit into one message.</summary>
    E2BIG,

    /// <summary>Not permitted, for example giving a node to another owner.</summary>
    EPERM,
}
