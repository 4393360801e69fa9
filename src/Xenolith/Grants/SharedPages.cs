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
    public ReadOnlySpan<uint> References => _references.All;

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
