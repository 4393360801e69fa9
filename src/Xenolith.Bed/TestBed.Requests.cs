using Xenolith.Bed.Protocol;

namespace Xenolith.Bed;

/// <content>Requests to dom0's agent: their time limits, and what can go wrong with them as the bed's exceptions.</content>
public sealed partial class TestBed
{
    internal delegate T ResultParser<T>(ref MessageReader fields);

    /// <summary>Makes a request and waits for its result.</summary>
    /// <param name="what">What is done, for an error's message.</param>
    /// <param name="request">The request.</param>
    /// <param name="timeout">How long it may take; null: the default.</param>
    /// <param name="transfer">
    /// What to send and receive in between; null: nothing. It may call its second argument to have the time start anew.
    /// </param>
    /// <param name="parse">Reads the result's fields.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<T> CallAsync<T>(
        string what, MessageWriter request, TimeSpan? timeout, Func<MultiplexedChannel, Action, CancellationToken, Task>? transfer, ResultParser<T> parse,
        CancellationToken cancellationToken)
    {
        MultiplexedChannel channel = await OpenAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            return await WithinAsync(
                what,
                timeout,
                async (progressed, cancel) =>
                {
                    if (transfer is not null)
                        await transfer(channel, progressed, cancel).ConfigureAwait(false);
                    await channel.Result.WaitAsync(cancel).ConfigureAwait(false);
                    return await ResultAsync(channel, parse).ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await AbandonAsync(channel).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Runs something under a time limit and turns what can go wrong into the bed's exceptions.</summary>
    internal Task<T> WithinAsync<T>(string what, TimeSpan? timeout, Func<CancellationToken, Task<T>> run, CancellationToken cancellationToken) =>
        WithinAsync(what, timeout, (_, cancel) => run(cancel), cancellationToken);

    /// <summary>As above; what runs may call its first argument to have the time start anew.</summary>
    private async Task<T> WithinAsync<T>(string what, TimeSpan? timeout, Func<Action, CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        TimeSpan limit = timeout ?? Options.Timeout;
        using CancellationTokenSource timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer.CancelAfter(limit);
        try
        {
            return await run(() => timer.CancelAfter(limit), timer.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && timer.IsCancellationRequested)
        {
            throw new BedTimeoutException(Explain($"Not done within {limit.TotalSeconds:0.#} s: {what}"));
        }
        catch (IOException exception)
        {
            throw Broken(exception);
        }
    }

    /// <summary>Opens a request.</summary>
    internal async Task<MultiplexedChannel> OpenAsync(MessageWriter request, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
        try
        {
            return await _machine.Agent.OpenAsync(request.Written, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            throw Broken(exception);
        }
    }

    /// <summary>Waits for a request's result and reads its fields.</summary>
    internal async Task<T> ResultAsync<T>(MultiplexedChannel channel, ResultParser<T> parse)
    {
        ReadOnlyMemory<byte> result;
        try
        {
            result = await channel.Result.ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            throw Broken(exception);
        }

        return Parse();

        T Parse()
        {
            MessageReader fields = new(result.Span);
            return (ResultStatus)fields.Byte() == ResultStatus.Done ? parse(ref fields) : throw new BedException(Explain($"dom0: {fields.String()}"));
        }
    }

    internal static async Task AbandonAsync(MultiplexedChannel channel)
    {
        try
        {
            await channel.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The machine is gone, and the request with it.
        }
    }

    private BedException Broken(IOException exception)
    {
        if (exception.InnerException is ObjectDisposedException)
            return new BedException("The bed was disposed.", exception);
        string errors = _machine.EmulatorErrors;
        return new BedException(Explain($"{exception.Message}{(errors.Length == 0 ? "" : $"\nQEMU: {errors}")}"), exception);
    }
}
