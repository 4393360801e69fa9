using Xenolith.Abi;

namespace Xenolith.Xenstore;

/// <summary>
/// A transaction: reads see the store as it was at the beginning, with the transaction's own changes; others see the changes all at once when it is
/// committed, or never. Disposing of it without a commit discards it. Watches fire on commit.
/// </summary>
/// <remarks>
/// It belongs to one connection: after the domain resumed or xenstored restarted, its operations throw <see cref="XenstoreDisconnectedException"/>.
/// Source: Xen, docs/misc/xenstore.txt, "Transactions".
/// </remarks>
public sealed class XenstoreTransaction : XenstoreOperations, IAsyncDisposable
{
    private int _ended;

    internal XenstoreTransaction(XenstoreConnection connection, uint id, int generation)
    {
        Connection = connection;
        TransactionId = id;
        Generation = generation;
    }

    private protected override uint TransactionId { get; }

    private protected override int Generation { get; }

    private protected override XenstoreConnection Connection { get; }

    /// <summary>Makes the changes take effect. The transaction has ended then, whatever the result; wait for its operations before.</summary>
    /// <returns>False if others changed meanwhile what this transaction is based on: nothing took effect, begin anew.</returns>
    /// <exception cref="InvalidOperationException">It has ended already.</exception>
    public async Task<bool> CommitAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            throw new InvalidOperationException("The xenstore transaction was committed or discarded already.");
        XenstoreRequest request = MakeEnd("T");
        try
        {
            return await RequestOrNullAsync(request, cancellationToken, XenstoreError.EAGAIN) is not null;
        }
        catch (OperationCanceledException) when (!request.HoldsSlot)
        {
            Volatile.Write(ref _ended, 0); // never sent: it is still to be discarded
            throw;
        }
    }

    /// <summary>Discards the transaction if it was not committed. Does not throw: if xenstored is gone, so is the transaction.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return;
        try
        {
            await Connection.SendAsync(MakeEnd("F"), CancellationToken.None);
        }
        catch (Exception exception) when (exception is XenstoreException or ObjectDisposedException)
        {
            // xenstored discards the transactions of a connection that ends.
        }
    }

    private XenstoreRequest MakeEnd(string how) => XenstoreRequest.ForArguments(XenstoreMessageType.TransactionEnd, TransactionId, Generation, null, how);
}
