using Xenolith.EventChannels;

namespace Xenolith.Grants;

/// <summary>Pages of other domains, mapped contiguously into this one. One owner, who unmaps them.</summary>
/// <remarks>
/// The domains that granted the pages can write to them at any time. After a resume the mapping is gone: members throw
/// <see cref="StaleHandleException"/>; a span that is still in use reads zeroes until the mapping is disposed of.
/// </remarks>
public sealed class ForeignMapping : SharedMemory
{
    private readonly GrantTable _table;
    private readonly Generation _generation;
    private readonly Lock _lock = new();
    private int _pins;
    private State _state;

    internal ForeignMapping(GrantTable table, nint address, int pages, GrantAccess access, Generation generation, Origin origin)
        : base(address, pages)
    {
        _table = table;
        _generation = generation;
        Access = access;
        Origin = origin;
    }

    private enum State
    {
        Mapped,
        Unmapping, // as soon as nothing is pinned
        Unmapped,
    }

    /// <summary>What may be done.</summary>
    public GrantAccess Access { get; }

    /// <inheritdoc/>
    public override bool CanWrite => Access == GrantAccess.ReadWrite;

    internal Origin Origin { get; }

    /// <summary>
    /// Says what is to happen when the mapping ends for whatever reason, even a crash of this domain: tells the other side that nobody is here any
    /// more. Replaces what was said before.
    /// </summary>
    /// <param name="clearByte">Offset of a byte to set to 0, or <see langword="null"/>.</param>
    /// <param name="notify">Channel to notify, or <see langword="null"/>.</param>
    /// <exception cref="InvalidOperationException">A byte is to be cleared in a read-only mapping.</exception>
    /// <exception cref="XenException">The kernel refused.</exception>
    public void SetUnmapNotification(int? clearByte, EventChannel? notify)
    {
        if (clearByte is { } offset)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(offset, nameof(clearByte));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset, Length, nameof(clearByte));
        }
        lock (_lock)
        {
            ThrowIfUnusable(forWriting: clearByte is not null);
            XenException.ThrowIfError(
                _table.Operations.SetUnmapNotification(AddressOfStart, clearByte ?? -1, notify?.Port), "arrange a notification of the end of a mapping");
        }
    }

    /// <summary>Unmaps the pages. Nothing that was taken from the mapping may be used afterwards. A second call does nothing.</summary>
    /// <exception cref="InvalidOperationException">Memory of the mapping is pinned.</exception>
    /// <exception cref="XenException">Xen refused; the mapping is not usable all the same, and its addresses are not used again.</exception>
    public void Unmap()
    {
        XenException.ThrowIfError(UnmapNow(refusePinned: true), $"unmap {PageCount} granted pages");
    }

    /// <summary>
    /// As <see cref="Unmap"/>, but a refusal is only counted (<see cref="GrantStatistics.FailedUnmaps"/>), and pinned memory is unmapped when
    /// unpinned.
    /// </summary>
    /// <param name="disposing">Always true.</param>
    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            if (_state != State.Mapped)
                return;
            _state = State.Unmapping; // no new pins from here on
            if (_pins > 0)
                return;
        }
        _ = UnmapNow(refusePinned: false);
    }

    private unsafe nint AddressOfStart => (nint)Start;

    private protected override void Hold()
    {
        lock (_lock)
        {
            ThrowIfUnusable(false);
            _pins++;
        }
    }

    private protected override void Release()
    {
        lock (_lock)
        {
            if (--_pins > 0 || _state != State.Unmapping)
                return;
        }
        _ = UnmapNow(refusePinned: false);
    }

    private protected override void ThrowIfUnusable(bool forWriting)
    {
        ObjectDisposedException.ThrowIf(_state != State.Mapped, this);
        if (_generation.IsOver || _generation != _table.Platform.Generation)
            throw new StaleHandleException("A mapping of granted pages");
        if (forWriting && !CanWrite)
            throw new InvalidOperationException("The mapping is read-only.");
    }

    private XenError UnmapNow(bool refusePinned)
    {
        lock (_lock)
        {
            if (_state == State.Unmapped)
                return XenError.None;
            if (refusePinned && _pins > 0)
                throw new InvalidOperationException("The mapping is pinned.");
            _state = State.Unmapped;
        }
        return _table.Unmap(this, AddressOfStart);
    }
}
