namespace Xenolith.Rings;

/// <summary>
/// The other side of a ring broke its rules: it is faulty or hostile. Nothing that it did reached this side's memory. The ring is of no use any more;
/// the connection must be torn down.
/// </summary>
public sealed class RingProtocolException : IOException
{
    /// <summary>Creates the exception.</summary>
    public RingProtocolException(string message)
        : base(message)
    {
    }
}
