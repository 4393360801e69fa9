namespace Xenolith;

/// <summary>Why the hypervisor or the kernel refused an operation. The values are those of Xen's <c>errno.h</c>, not negated.</summary>
public enum XenError
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>EPERM: this domain may not do that.</summary>
    NotPermitted = 1,

    /// <summary>ENOENT: there is no such thing.</summary>
    NoEntry = 2,

    /// <summary>ESRCH: there is no such domain.</summary>
    NoSuchDomain = 3,

    /// <summary>ENXIO: no such port or grant.</summary>
    NoDevice = 6,

    /// <summary>ENOMEM: Xen or the domain has no memory for it.</summary>
    NoMemory = 12,

    /// <summary>EFAULT: an address is not one that can be used so.</summary>
    BadAddress = 14,

    /// <summary>EBUSY: in use by somebody else; it may succeed later.</summary>
    Busy = 16,

    /// <summary>EEXIST: it is there already, such as a global interrupt that is bound to another port.</summary>
    Exists = 17,

    /// <summary>EINVAL: an argument is wrong, or what it names is in a state in which this cannot be done.</summary>
    Invalid = 22,

    /// <summary>ENOSPC: a table of Xen's is full.</summary>
    NoSpace = 28,

    /// <summary>ENOSYS: not offered here.</summary>
    NotSupported = 38,
}
