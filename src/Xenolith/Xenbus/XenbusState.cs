namespace Xenolith.Xenbus;

/// <summary>State of one end of a device, as it stands in xenstore under <c>state</c> (<c>enum xenbus_state</c> of io/xenbus.h).</summary>
public enum XenbusState
{
    /// <summary>Not known: the node is missing or unreadable.</summary>
    Unknown = 0,

    /// <summary>Just made by the toolstack.</summary>
    Initialising = 1,

    /// <summary>The back end has said what it offers and waits for the front end's details.</summary>
    InitWait = 2,

    /// <summary>This end has published its details and waits for the other to connect.</summary>
    Initialised = 3,

    /// <summary>In use.</summary>
    Connected = 4,

    /// <summary>This end is letting go of what it shares.</summary>
    Closing = 5,

    /// <summary>This end has let go of everything.</summary>
    Closed = 6,

    /// <summary>A part of the device changes (PCI).</summary>
    Reconfiguring = 7,

    /// <summary>The change was made (PCI).</summary>
    Reconfigured = 8,
}
