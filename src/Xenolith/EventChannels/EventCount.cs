namespace Xenolith.EventChannels;

/// <summary>
/// How many events of a channel had arrived at some moment. A waiter names the last count that it has acted on, and is woken by any later one: what
/// arrives between looking at the shared memory and beginning to wait is not lost.
/// </summary>
/// <param name="Value">Events since the channel was opened. Several notifications in quick succession may arrive as one.</param>
public readonly record struct EventCount(long Value) : IComparable<EventCount>
{
    /// <summary>No event yet: waiting with this returns at once if anything ever arrived.</summary>
    public static EventCount None => default;

    /// <inheritdoc/>
    public int CompareTo(EventCount other) => Value.CompareTo(other.Value);

    /// <summary>Whether one is earlier than the other.</summary>
    public static bool operator <(EventCount left, EventCount right) => left.Value < right.Value;

    /// <summary>Whether one is later than the other.</summary>
    public static bool operator >(EventCount left, EventCount right) => left.Value > right.Value;

    /// <summary>Whether one is not later than the other.</summary>
    public static bool operator <=(EventCount left, EventCount right) => left.Value <= right.Value;

    /// <summary>Whether one is not earlier than the other.</summary>
    public static bool operator >=(EventCount left, EventCount right) => left.Value >= right.Value;
}
