namespace Xenolith.Bed;

/// <summary>
/// Something that the bed was asked for did not happen. Once a machine runs, <see cref="Exception.Message"/> ends with the last lines of the consoles
/// of Xen and dom0 and of the domUs concerned, so that a failed test explains itself.
/// </summary>
public class BedException : Exception
{
    /// <summary>Creates the exception with a message for a user.</summary>
    public BedException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with a message for a user and the error underneath.</summary>
    public BedException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}

/// <summary>A wait of the bed ended without what it waited for.</summary>
public sealed class BedTimeoutException : BedException
{
    /// <summary>Creates the exception with a message for a user.</summary>
    public BedTimeoutException(string message) : base(message)
    {
    }
}
