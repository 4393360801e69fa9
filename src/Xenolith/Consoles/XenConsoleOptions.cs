namespace Xenolith.Consoles;

/// <summary>How a console is opened and closed. Times are by the clock of the platform.</summary>
public sealed record XenConsoleOptions
{
    /// <summary>The defaults.</summary>
    public static XenConsoleOptions Default { get; } = new();

    /// <summary>
    /// Whether opening waits until the toolstack has made the console. False: most consoles are there from the start of the domain, and one that is
    /// missing is a mistake that should be told.
    /// </summary>
    public bool WaitForDevice { get; init; }

    /// <summary>
    /// How long disposing waits for the other end to take what was written before. 5 seconds: a reader that lives takes 2 KiB in far less, and one
    /// that does not must not keep a program from its end.
    /// </summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long disposing then waits for the other end to answer that it has let go; after that the page is given back in the background when it
    /// does. 5 seconds: an answer takes a few messages to xenstored.
    /// </summary>
    public TimeSpan CloseLimit { get; init; } = TimeSpan.FromSeconds(5);
}
