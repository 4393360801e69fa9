namespace Xenolith;

/// <summary>The hypervisor refused an operation for a reason that its caller could not expect.</summary>
public sealed class XenException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="operation">What was tried, in words: "bind to port 3 of domain 5".</param>
    /// <param name="error">Why it failed.</param>
    public XenException(string operation, XenError error)
        : base($"Xen refused to {operation}: {Explain(error)}.") => Error = error;

    /// <summary>Why it failed.</summary>
    public XenError Error { get; }

    /// <summary>Throws unless there is no error.</summary>
    /// <param name="error">The result of the operation.</param>
    /// <param name="operation">What was tried, in words: "bind to port 3 of domain 5".</param>
    /// <exception cref="XenException">There is an error.</exception>
    public static void ThrowIfError(XenError error, string operation)
    {
        if (error != XenError.None)
            throw new XenException(operation, error);
    }

    private static string Explain(XenError error) => error switch
    {
        XenError.NotPermitted => "this domain may not do that",
        XenError.NoEntry => "there is no such entry",
        XenError.NoSuchDomain => "there is no such domain",
        XenError.NoDevice => "there is no such port or grant",
        XenError.NoMemory => "out of memory",
        XenError.BadAddress => "the address cannot be used so",
        XenError.Busy => "it is in use",
        XenError.Exists => "it exists already",
        XenError.Invalid => "an argument is not valid, or the object is in another state",
        XenError.NoSpace => "the table is full",
        XenError.NotSupported => "it is not supported here",
        _ => $"error {(int)error}",
    };
}
