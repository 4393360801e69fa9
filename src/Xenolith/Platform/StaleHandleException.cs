namespace Xenolith;

/// <summary>
/// A port, grant, mapping or other handle was used after the domain had been suspended and resumed, on this host or another. Xen keeps none of
/// them across a resume: take new ones from the <see cref="XenPlatform"/>, as a loop over <see cref="XenPlatform.Generation"/> does.
/// Disposing such a handle is not an error.
/// </summary>
public sealed class StaleHandleException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="handle">What is stale, in words: "Event channel 7".</param>
    public StaleHandleException(string handle)
        : base($"{handle} is from before the domain was resumed. Take a new one.")
    {
    }
}
