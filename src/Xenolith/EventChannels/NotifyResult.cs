namespace Xenolith.EventChannels;

/// <summary>What became of a notification.</summary>
public enum NotifyResult
{
    /// <summary>
    /// Xen took it. It does not say whether somebody listens: to a peer that has closed its end or died, Xen drops the notification in silence.
    /// <see cref="EventChannel.GetStatus"/> tells such a channel by its state, <see cref="EventChannelState.Unbound"/>.
    /// </summary>
    Sent,

    /// <summary>Xen refused it: the channel has no other end to notify. Nothing was sent, and the channel can only be closed.</summary>
    NoPeer,
}
