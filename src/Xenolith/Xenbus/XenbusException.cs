namespace Xenolith.Xenbus;

/// <summary>
/// A device cannot be used because of what stands in xenstore for it: a node is missing or makes no sense. Its writer, the toolstack or the other
/// end, is at fault.
/// </summary>
public sealed class XenbusException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">Which node of which device, and what is wrong with it.</param>
    public XenbusException(string message)
        : base(message)
    {
    }
}
