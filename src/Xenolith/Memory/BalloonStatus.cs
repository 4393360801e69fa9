namespace Xenolith.Memory;

/// <summary>How far the domain's memory is on the way to its target.</summary>
public enum BalloonState
{
    /// <summary>The target is reached.</summary>
    Reached,

    /// <summary>Memory is being given back or taken.</summary>
    Changing,

    /// <summary>The target is below what the program uses, what it was promised and the reserve. More is given back as memory becomes free.</summary>
    InUse,

    /// <summary>Xen gives no more memory at present. It is asked again.</summary>
    Refused,

    /// <summary>There is no target, or none that makes sense; <see cref="BalloonStatus.Error"/> says why. The memory stays as it is.</summary>
    NoTarget,
}

/// <summary>The domain's memory and the toolstack's target for it.</summary>
/// <param name="State">How far it is.</param>
/// <param name="Target">Bytes of RAM that the domain is to have; <paramref name="Current"/> while there is no target.</param>
/// <param name="Current">Bytes of RAM that it has.</param>
/// <param name="Maximum">Bytes of RAM that it can have at most.</param>
/// <param name="Error">What is wrong with the target in xenstore.</param>
public readonly record struct BalloonStatus(BalloonState State, long Target, long Current, long Maximum, string? Error = null)
{
    /// <summary>Bytes that the domain has too many: what it could not give back so far. 0 if there are none.</summary>
    public long Excess => Math.Max(0, Current - Target);

    /// <summary>Bytes that the domain has not been given so far. 0 if there are none.</summary>
    public long Shortfall => Math.Max(0, Target - Current);

    /// <inheritdoc/>
    public override string ToString()
    {
        const long kibi = 1024;
        string sizes = FormattableString.Invariant($"{Current / kibi} KiB of at most {Maximum / kibi} KiB");
        return State switch
        {
            BalloonState.Reached => $"{sizes}, as asked for",
            BalloonState.Changing => FormattableString.Invariant($"{sizes}, on the way to {Target / kibi} KiB"),
            BalloonState.InUse => FormattableString.Invariant($"{sizes}: {Excess / kibi} KiB more than asked for are in use"),
            BalloonState.Refused => FormattableString.Invariant($"{sizes}: Xen does not give the {Shortfall / kibi} KiB that are missing"),
            _ => $"{sizes}: {Error}",
        };
    }
}
