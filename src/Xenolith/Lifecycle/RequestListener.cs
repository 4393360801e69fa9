using System.Text;
using Xenolith.Xenstore;

namespace Xenolith.Lifecycle;

/// <summary>Somebody who waits for requests: takes them out of the node, one at a time.</summary>
/// <remarks>
/// <code>
///   toolstack  writes "reboot" -----> control/shutdown --watch--> NextAsync
///   toolstack  sees "" &lt;------------- read and cleared in one transaction
/// </code>
/// The transaction is what keeps a request that comes between the read and the clearing: it fails then, and is made again.
/// </remarks>
internal sealed class RequestListener(ShutdownControl control, XenstoreWatch watch, ShutdownRequest accepted) : IAsyncDisposable
{
    // A request whose acknowledgement was on its way when the connection ended.
    private ShutdownRequest _unconfirmed;

    /// <summary>The generation to which the last request belongs.</summary>
    internal Generation Generation { get; private set; } = control.Generation;

    /// <summary>Waits for the next request.</summary>
    internal async ValueTask<ShutdownRequest> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // At the beginning and after a reconnection there is an event too. It may be about nothing, or about more than one change.
            await watch.ReadAsync(cancellationToken);
            try
            {
                await control.RenewAsync();
                if (await TakeAsync(cancellationToken) is not ShutdownRequest.None and ShutdownRequest request)
                    return request;
            }
            catch (XenstoreDisconnectedException)
            {
                // The watch tells when there is a connection again, or that there will be none.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await control.RemoveAsync(accepted);
        await watch.DisposeAsync();
    }

    /// <summary>Takes the request out of the node if it is one that is waited for.</summary>
    private async Task<ShutdownRequest> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            string? word = await control.Store.ReadAsync(ShutdownControl.RequestPath, cancellationToken);
            ShutdownRequest unconfirmed = _unconfirmed;
            _unconfirmed = ShutdownRequest.None;
            if (string.IsNullOrEmpty(word))
            {
                control.ReportIgnored(null);
                // Cleared: the acknowledgement did arrive. But a domain that was resumed meanwhile was suspended by another listener, for the same
                // toolstack; nobody would resume it once more.
                return unconfirmed == ShutdownRequest.Suspend && Generation != control.Generation ? ShutdownRequest.None : unconfirmed;
            }

            ShutdownRequest request = Parse(word);
            if ((request & control.Awaited) == 0)
                control.ReportIgnored(word);
            if ((request & accepted) == 0)
                return ShutdownRequest.None;
            if (await TryAcknowledgeAsync(word, request, cancellationToken))
                return request;
        }
    }

    /// <summary>Clears the node if it still has the word.</summary>
    private async Task<bool> TryAcknowledgeAsync(string word, ShutdownRequest request, CancellationToken cancellationToken)
    {
        Generation generation = control.Generation;
        await using XenstoreTransaction? transaction = await TryBeginAsync(cancellationToken);
        XenstoreOperations store = (XenstoreOperations?)transaction ?? control.Store;
        if (await store.ReadAsync(ShutdownControl.RequestPath, cancellationToken) != word || control.Generation != generation)
            return false;
        Generation = generation;
        // From the moment at which the node may be cleared: given up then, the request could be lost.
        try
        {
            if (transaction is null)
                _unconfirmed = request;
            await store.WriteAsync(ShutdownControl.RequestPath, "", transaction is null ? CancellationToken.None : cancellationToken);
        }
        catch (XenstoreAccessDeniedException)
        {
            _unconfirmed = ShutdownRequest.None;
            return true; // cannot be acknowledged, is a request all the same
        }

        _unconfirmed = request;
        bool committed = transaction is null || await transaction.CommitAsync(CancellationToken.None);
        _unconfirmed = ShutdownRequest.None;
        return committed;
    }

    /// <returns>
    /// <see langword="null"/> where the program has as many transactions open as xenstored allows. It is acknowledged without one then: a domain that
    /// does much in xenstore must be able to end, and a word that comes between the two steps is less likely than that.
    /// </returns>
    private async Task<XenstoreTransaction?> TryBeginAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await control.Store.StartTransactionAsync(cancellationToken);
        }
        catch (XenstoreQuotaException)
        {
            return null;
        }
    }

    private static ShutdownRequest Parse(string word) => word switch
    {
        "poweroff" or "halt" => ShutdownRequest.PowerOff,
        "reboot" => ShutdownRequest.Reboot,
        "suspend" => ShutdownRequest.Suspend,
        _ => ShutdownRequest.None,
    };
}
