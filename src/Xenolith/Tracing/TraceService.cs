using Xenolith.Hooks;
using Xenolith.Xenstore;

namespace Xenolith.Tracing;

/// <summary>
/// Lets a tool in another domain trace this one, as <c>xenolith trace</c> does in dom0, until it is disposed of. Costs one watch in xenstore while
/// nobody asks.
/// </summary>
/// <remarks>
/// <para>Nobody but <see cref="TraceServiceOptions.ReaderDomain"/> can read a trace, since the pages are granted to that domain alone. Who may ask is
/// a matter of xenstore: the nodes are below this domain's <c>data</c>, which only the domain itself and privileged ones can write to.</para>
/// <para>One trace at a time; who asks meanwhile is told so. A suspension of the domain ends the trace in good order, and so does the end of the
/// program.</para>
/// </remarks>
public sealed class TraceService : IAsyncDisposable
{
    private const int MostRequests = 16; // at a time; an honest tool makes one

    private readonly XenPlatform _platform;
    private readonly TraceServiceOptions _options;
    private readonly XenstoreClient _store;
    private readonly XenstoreWatch _watch;
    private readonly CancellationTokenSource _stop = new();
    private readonly IDisposable _suspending;
    private readonly IDisposable _ending;
    private readonly Task _run;
    private volatile ServedTrace? _trace;
    private Task _disposing = Task.CompletedTask;
    private int _offered = -1; // the connection to xenstored over which it was offered
    private int _disposed;

    private TraceService(XenPlatform platform, TraceServiceOptions options, XenstoreWatch watch)
    {
        _platform = platform;
        _options = options;
        _store = platform.Xenstore;
        _watch = watch;
        _suspending = platform.Hooks.OnSuspend(_ => _trace?.EndForSuspensionAsync() ?? default, name: "trace");
        _ending = platform.Hooks.AtExit(async _ => await DisposeAsync(), "trace");
        _run = RunAsync();
    }

    /// <summary>Whether a tool is tracing, or about to.</summary>
    public bool IsTracing => _trace is { Completion.IsCompleted: false };

    /// <summary>Begins to offer traces.</summary>
    /// <param name="platform">The domain.</param>
    /// <param name="options">Limits; <see langword="null"/>: <see cref="TraceServiceOptions.Default"/>.</param>
    /// <param name="cancellationToken">Gives up before that has begun.</param>
    /// <exception cref="XenstoreException">xenstored cannot be reached, or refuses the nodes or the watch.</exception>
    /// <exception cref="PlatformNotSupportedException">The domain has no xenstore.</exception>
    public static async Task<TraceService> StartAsync(
        XenPlatform platform, TraceServiceOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(platform);
        XenstoreWatch watch = await platform.Xenstore.WatchAsync(TraceProtocol.Requests, cancellationToken);
        TraceService service = new(platform, options ?? TraceServiceOptions.Default, watch);
        try
        {
            await service.OfferAsync();
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
        return service;
    }

    /// <summary>Ends a trace that is under way, in good order, and offers none any more.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            _disposing = DisposeCoreAsync();
        await _disposing;
    }

    private async Task DisposeCoreAsync()
    {
        _stop.Cancel();
        await _run;
        if (_trace is { } trace)
            await trace.DisposeAsync();
        await _watch.DisposeAsync();
        _suspending.Dispose();
        _ending.Dispose();
        try
        {
            await _store.RemoveAsync(TraceProtocol.Folder);
        }
        catch (Exception error) when (error is XenstoreException or ObjectDisposedException)
        {
            // The domain's nodes go with it.
        }
    }

    private async Task RunAsync()
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                await _watch.ReadAsync(_stop.Token);
                try
                {
                    await OfferAsync();
                    await AnswerAsync();
                }
                catch (XenstoreDisconnectedException)
                {
                    // The watch tells when there is a connection again, or that there will be none.
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception error) when (error is XenstoreException or ObjectDisposedException)
        {
            if (!_stop.IsCancellationRequested)
                _platform.Hooks.Report(new HookFailure("trace", error)); // no request can be heard any more
        }
    }

    /// <summary>After a resume the domain may have a new home, without the nodes.</summary>
    private async Task OfferAsync()
    {
        int connection = _store.ConnectionGeneration;
        if (_offered == connection)
            return;
        await _store.MakeDirectoryAsync(TraceProtocol.Requests);
        await _store.WriteAsync(TraceProtocol.Offer, $"{TraceProtocol.Version}");
        _offered = connection;
    }

    private async Task AnswerAsync()
    {
        List<string> answered = [];
        foreach (string id in (await _store.ListAsync(TraceProtocol.Requests, _stop.Token) ?? []).Where(TraceProtocol.IsId).Take(MostRequests))
        {
            string path = $"{TraceProtocol.Requests}/{id}";
            try
            {
                if (await _store.ReadAsync(path, _stop.Token) is not { } text)
                    continue;
                if (text.StartsWith(TraceRequest.Word, StringComparison.Ordinal))
                    await AnswerAsync(path, text);
                else if (TraceAnswer.Parse(text) is not { Refusal: TraceRefusal.None })
                    answered.Add(path);
            }
            catch (XenstoreException error) when (error is not XenstoreDisconnectedException)
            {
                _platform.Hooks.Report(new HookFailure("trace", error)); // refused, as for want of permission: this tool gets no answer, others do
            }
        }
        if (answered.Count > MostRequests / 2)
        {
            foreach (string path in answered)
                await _store.RemoveAsync(path); // of tools that never came for their answer
        }
    }

    private async Task AnswerAsync(string path, string text)
    {
        TraceRefusal refusal = TraceRequest.Parse(text, out TraceRequest request);
        ServedTrace? trace = null;
        if (refusal == TraceRefusal.None)
        {
            (trace, refusal) = IsTracing
                ? (null, TraceRefusal.Busy)
                : await ServedTrace.StartAsync(_platform, _options, request, _stop.Token);
        }
        bool isHeard = false;
        try
        {
            isHeard = await TryTellAsync(path, text, trace?.Answer ?? new TraceAnswer(0, 0, refusal));
        }
        finally
        {
            if (trace is not null)
            {
                _trace = trace;
                _ = RemoveAfterAsync(trace, path);
                if (!isHeard)
                    await trace.DisposeAsync();
            }
        }
    }

    /// <returns>False when the tool has given up.</returns>
    private async Task<bool> TryTellAsync(string path, string request, TraceAnswer answer)
    {
        try
        {
            return await _store.RunTransactionAsync(TryTellByAsync);
        }
        catch (XenstoreQuotaException)
        {
            // The program has as many transactions open as it may. A tool that gives up just now leaves a node behind, which goes with the trace.
            return await TryTellByAsync(_store);
        }

        async ValueTask<bool> TryTellByAsync(XenstoreOperations store)
        {
            if (await store.ReadAsync(path) != request)
                return false;
            await store.WriteAsync(path, answer.Format());
            return true;
        }
    }

    /// <summary>The node goes with the trace: a tool that is still there sees the end by that, too.</summary>
    private async Task RemoveAfterAsync(ServedTrace trace, string path)
    {
        await trace.Completion;
        try
        {
            await _store.RemoveAsync(path);
        }
        catch (Exception error) when (error is XenstoreException or ObjectDisposedException)
        {
            // It is the tool's own as well, and goes with the domain.
        }
    }
}
