namespace Xenolith.Tracing;

/// <summary>Why a domain cannot be traced.</summary>
public enum TraceUnavailability
{
    /// <summary>There is no such domain, or it has ended.</summary>
    NoSuchDomain,

    /// <summary>Its program does not offer to be traced.</summary>
    NotOffered,

    /// <summary>It is being traced already.</summary>
    Busy,

    /// <summary>It speaks other versions of the protocol.</summary>
    Version,

    /// <summary>It refuses what is asked for.</summary>
    Refused,

    /// <summary>It did not answer in time.</summary>
    NoAnswer,

    /// <summary>Its answer makes no sense.</summary>
    Nonsense,

    /// <summary>This domain or process may not do what is needed.</summary>
    NotPermitted,
}

/// <summary>A domain cannot be traced. The message says why, and what to do.</summary>
public sealed class TraceUnavailableException : IOException
{
    /// <summary>Creates the exception.</summary>
    public TraceUnavailableException(TraceUnavailability reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    /// <summary>Why.</summary>
    public TraceUnavailability Reason { get; }
}
