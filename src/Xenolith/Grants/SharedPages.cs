namespace Xenolith.Grants;

/// <summary>
/// Zeroed pages of this domain, each granted to one other domain: the usual way to offer a ring or a buffer. One owner has both the pages and the
/// grants.
/// </summary>
/// <remarks>Made by <see cref="GrantTable.ShareAsync"/>; meant for <c>await using</c>.</remarks>
public sealed class SharedPages : IDisposable, IAsyncDisposable
{
    private readonly GrantReferences _references;

    internal SharedPages(IoPages pages, GrantReferences references)
    {
        Pages = pages;
        _references = references;
    }

    /// <summary>The memory.</summary>
    public IoPages Pages { get; }

    /// <summary>One reference a page, in order, for the other domain.</summary>
    public ReadOnlySpan<uint> References => _references.Numbers;

    /// <summary>Ends the sharing if the other domain has no page mapped any more, and gives everything back.</summary>
    /// <returns>
    /// <see cref="EndGrantResult.Busy"/> if a page is still mapped: those that are not have ended, the memory is still there, and one may try again.
    /// </returns>
    public EndGrantResult TryUnshare()
    {
        if (!_references.IsDisposed && _references.TryEndAll() > 0)
            return EndGrantResult.Busy;
        Dispose();
        return EndGrantResult.Ended;
    }

    /// <summary>
    /// Waits until the other domain has let go of every page, and gives everything back: for who must know that nobody sees the memory any more.
    /// </summary>
    /// <param name="cancellationToken">Gives up waiting; the pages stay shared as far as they are busy.</param>
    /// <remarks>Xen tells nobody of an unmap, so this looks again after the pauses of <see cref="GrantOptions"/>.</remarks>
    public async ValueTask UnshareAsync(CancellationToken cancellationToken = default)
    {
        GrantOptions options = _references.Table.Options;
        for (TimeSpan pause = options.FirstRetry; TryUnshare() == EndGrantResult.Busy; pause = GrantReclaimer.Longer(pause, options))
            await Task.Delay(pause, _references.Table.Platform.TimeProvider, cancellationToken);
    }

    /// <summary>Ends the sharing; pages that the other domain has still mapped are reclaimed in the background when it lets go of them.</summary>
    public void Dispose()
    {
        _references.Dispose();
        ((IDisposable)Pages).Dispose();
    }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }
}
