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
                return unconfirmed; // cleared: the acknowledgement did arrive
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
        await using XenstoreTransaction transaction = await control.Store.StartTransactionAsync(cancellationToken);
        if (await transaction.ReadAsync(ShutdownControl.RequestPath, cancellationToken) != word)
            return false;
        try
        {
            await transaction.WriteAsync(ShutdownControl.RequestPath, "", cancellationToken);
        }
        catch (XenstoreAccessDeniedException)
        {
            return true; // cannot be acknowledged, is a request all the same
        }

        _unconfirmed = request;
        bool committed = await transaction.CommitAsync(CancellationToken.None); // given up here, it could be lost
        _unconfirmed = ShutdownRequest.None;
        return committed;
    }

    private static ShutdownRequest Parse(string word) => word switch
    {
        "poweroff" or "halt" => ShutdownRequest.PowerOff,
        "reboot" => ShutdownRequest.Reboot,
        "suspend" => ShutdownRequest.Suspend,
        _ => ShutdownRequest.None,
    };
}
