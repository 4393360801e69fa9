namespace Xenolith.Xenbus;

/// <summary>What a driver has to do on the way to its next state.</summary>
public enum XenbusAction
{
    /// <summary>Nothing: wait for the other end to change.</summary>
    Wait,

    /// <summary>
    /// Publish this end's details: the back end what it offers; the front end, having read that, its rings and ports.
    /// </summary>
    Publish,

    /// <summary>The other end's details are there: take them and begin to work.</summary>
    Connect,

    /// <summary>Let go of everything that belongs to the connection.</summary>
    Release,

    /// <summary>Only go to the next state.</summary>
    Proceed,

    /// <summary>The connection is over.</summary>
    End,
}

/// <summary>One step of the handshake.</summary>
/// <param name="Action">What the driver does first.</param>
/// <param name="Next">What it writes as its state then; the same as before if nothing is to be written.</param>
public readonly record struct XenbusTransition(XenbusAction Action, XenbusState Next);

/// <summary>
/// The handshake of xenbus as a table: from the states of both ends to what this end does next. Pure; <see cref="XenbusHandshake"/> acts on it.
/// </summary>
/// <remarks>
/// <code>
///  front end                               back end
///  Initialising                            Initialising
///       |                                       |  publishes what it offers
///       |  &lt;----------------------------------- InitWait
///       |  publishes rings and ports            |
///  Initialised  -----------------------------&gt;  |  maps the rings
///       |  &lt;----------------------------------- Connected
///  Connected                                    |
///       |  asked to close                       |
///  Closing  ---------------------------------&gt;  |  unmaps
///       |  &lt;----------------------------------- Closing
///       |  ends its grants                      |
///  Closed  ----------------------------------&gt;  |
///                                          Closed
/// </code>
/// <para>Either end may begin to close. A front end may go to Connected at once instead of Initialised, as Linux's netfront does. What the table does
/// not name is answered with patience: a state that makes no sense now is waited out and never acted on.</para>
/// </remarks>
public static class XenbusRules
{
    /// <summary>The next step of a front end.</summary>
    /// <param name="ours">What this end last wrote.</param>
    /// <param name="theirs">What the back end last wrote.</param>
    /// <param name="closing">Whether this end wants to close.</param>
    public static XenbusTransition Frontend(XenbusState ours, XenbusState theirs, bool closing) => (ours, theirs) switch
    {
        (XenbusState.Closed, _) => new(XenbusAction.End, ours),
        (XenbusState.Initialising, _) when closing => new(XenbusAction.Proceed, XenbusState.Closed),
        // A back end that is still closing an earlier connection, or has closed it, comes to InitWait in time.
        (XenbusState.Initialising, XenbusState.InitWait) => new(XenbusAction.Publish, XenbusState.Initialised),
        (XenbusState.Initialising, _) => new(XenbusAction.Wait, ours),
        // From here on the back end may have mapped our pages: it says when it has not.
        (_, XenbusState.Closing or XenbusState.Closed or XenbusState.Unknown) => new(XenbusAction.Release, XenbusState.Closed),
        (XenbusState.Closing, _) => new(XenbusAction.Wait, ours),
        (_, _) when closing => new(XenbusAction.Proceed, XenbusState.Closing),
        (XenbusState.Initialised, XenbusState.Connected) => new(XenbusAction.Connect, XenbusState.Connected),
        _ => new(XenbusAction.Wait, ours),
    };

    /// <summary>The next step of a back end.</summary>
    /// <param name="ours">What this end last wrote.</param>
    /// <param name="theirs">What the front end last wrote.</param>
    /// <param name="closing">Whether this end wants to close.</param>
    public static XenbusTransition Backend(XenbusState ours, XenbusState theirs, bool closing) => (ours, theirs) switch
    {
        (XenbusState.Closed, _) => new(XenbusAction.End, ours),
        (XenbusState.Initialising, _) when closing => new(XenbusAction.Proceed, XenbusState.Closed),
        (XenbusState.Initialising, _) => new(XenbusAction.Publish, XenbusState.InitWait),
        // The front end has let go, or its domain is gone.
        (XenbusState.Closing, XenbusState.Closed or XenbusState.Unknown) => new(XenbusAction.Proceed, XenbusState.Closed),
        (XenbusState.Closing, XenbusState.Initialising) => new(XenbusAction.Proceed, XenbusState.Closed), // begun anew, without a word
        (XenbusState.Closing, _) => new(XenbusAction.Wait, ours),
        (XenbusState.InitWait, XenbusState.Initialised or XenbusState.Connected) when !closing => new(XenbusAction.Connect, XenbusState.Connected),
        // Unmapped before we say so: the front end ends its grants when it reads it.
        (XenbusState.Connected, XenbusState.Closing) => new(XenbusAction.Release, XenbusState.Closing),
        (XenbusState.Connected, XenbusState.Closed or XenbusState.Unknown or XenbusState.Initialising) => new(XenbusAction.Release, XenbusState.Closed),
        (XenbusState.Connected, _) when closing => new(XenbusAction.Release, XenbusState.Closing),
        (XenbusState.InitWait, XenbusState.Closing) => new(XenbusAction.Proceed, XenbusState.Closing),
        (XenbusState.InitWait, XenbusState.Closed) => new(XenbusAction.Proceed, XenbusState.Closed),
        (XenbusState.InitWait, XenbusState.Initialised or XenbusState.Connected) => new(XenbusAction.Proceed, XenbusState.Closing),
        (XenbusState.InitWait, _) when closing => new(XenbusAction.Proceed, XenbusState.Closed),
        _ => new(XenbusAction.Wait, ours),
    };
}
