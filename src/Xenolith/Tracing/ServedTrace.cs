using System.Runtime.InteropServices;
using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Rings;

namespace Xenolith.Tracing;

/// <summary>One trace on its way to a tool in another domain: from the session's ring into pages that the tool has mapped.</summary>
/// <remarks>
/// <para>The program never waits for it: when the tool is slow, these pages fill, then the session's ring overwrites what is oldest and counts
/// it.</para>
/// <para>Of what the tool writes two things are used: how far it has read, which the ring checks, and a byte that says whether it is there. A tool
/// that breaks the ring has ended its trace, as has one that lets go of the pages, or dies.</para>
/// </remarks>
internal sealed class ServedTrace : IAsyncDisposable
{
    private const int BatchRecords = 1024;

    private readonly TraceServiceOptions _options;
    private readonly TimeProvider _time;
    private readonly SharedPages _pages;
    private readonly EventChannel _channel;
    private readonly TraceSession _session;
    private readonly ByteRingWriter _ring;
    private readonly CancellationTokenSource _finish = new(); // what is there is sent, then it ends
    private readonly CancellationTokenSource _end; // it ends at once
    private bool _mustNotify, _isLimited;

    private ServedTrace(XenPlatform platform, TraceServiceOptions options, SharedPages pages, EventChannel channel, TraceSession session)
    {
        _options = options;
        _pages = pages;
        _channel = channel;
        _session = session;
        _ring = new ByteRingWriter(pages.Pages, TraceProtocol.Ring(pages.Pages.PageCount - 1));
        TraceProtocol.WriteHeader(pages.Pages.GetSpan(), pages.References[1..]);
        Answer = new TraceAnswer(pages.References[0], channel.Port);
        _time = platform.TimeProvider;
        _end = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
        Completion = RunAsync();
    }

    /// <summary>Where the tool finds it.</summary>
    internal TraceAnswer Answer { get; }

    /// <summary>Completes when nothing is left of it. Never fails.</summary>
    internal Task Completion { get; }

    /// <summary>Starts a trace as a tool has asked for it.</summary>
    /// <returns>The trace, or why there is none.</returns>
    internal static async Task<(ServedTrace? Trace, TraceRefusal Refusal)> StartAsync(
        XenPlatform platform, TraceServiceOptions options, TraceRequest request, CancellationToken cancellationToken)
    {
        if (!TraceProtocol.ArePages(request.Pages) || request.Records > options.MaximumRecords)
            return (null, TraceRefusal.Limits);
        TraceCategories categories = (TraceCategories)request.Categories & platform.Tracing.Supported;
        if (categories == TraceCategories.None)
            return (null, TraceRefusal.Unsupported);
        SharedPages? pages = null;
        EventChannel? channel = null;
        try
        {
            pages = await platform.Grants.ShareAsync(options.ReaderDomain, 1 + (int)request.Pages, GrantAccess.ReadWrite, cancellationToken);
            channel = platform.EventChannels.AllocateUnbound(options.ReaderDomain);
            TraceSession session = platform.Tracing.Start(new TraceSessionOptions { RecordCount = (int)request.Records, Categories = categories });
            ServedTrace trace = new(platform, options, pages, channel, session);
            (pages, channel) = (null, null);
            return (trace, TraceRefusal.None);
        }
        catch (InvalidOperationException)
        {
            return (null, TraceRefusal.Busy);
        }
        catch (ArgumentOutOfRangeException)
        {
            return (null, TraceRefusal.Limits);
        }
        catch (Exception error) when (error is InsufficientMemoryException or XenException)
        {
            return (null, TraceRefusal.Resources);
        }
        finally
        {
            channel?.Dispose();
            pages?.Dispose();
        }
    }

    /// <summary>Sends what is there, as far as the tool takes it in time, and ends the trace.</summary>
    public async ValueTask DisposeAsync()
    {
        _finish.Cancel();
        await Completion;
    }

    private byte Reader => Volatile.Read(ref _pages.Pages.GetSpan()[TraceProtocol.ReaderThere]);

    private async Task RunAsync()
    {
        await Task.Yield();
        Task watching = WatchReaderAsync();
        try
        {
            await PumpAsync();
        }
        catch (Exception error) when (error is OperationCanceledException or StaleHandleException or ObjectDisposedException or RingProtocolException)
        {
            _end.Cancel(); // the tool is gone, or broke the ring; or the domain was resumed
        }
        _session.Dispose();
        if (!_end.IsCancellationRequested)
        {
            Volatile.Write(ref _pages.Pages.GetSpan()[TraceProtocol.WriterEnded], 1);
            TryNotify();
            _end.CancelAfter(_options.CloseLimit); // for the tool to let go
        }
        await watching;
        _channel.Dispose();
        _pages.Dispose(); // what the tool still has is reclaimed when it lets go
        _end.Dispose();
    }

    /// <summary>Follows what the tool says of itself until it is gone, or <see cref="_end"/>.</summary>
    private async Task WatchReaderAsync()
    {
        using CancellationTokenSource limit = new(_options.ConnectLimit, _time);
        using CancellationTokenSource coming = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _end.Token);
        bool hasCome = false;
        try
        {
            while (true)
            {
                EventCount seen = _channel.Count; // before looking
                byte reader = Reader;
                if (reader == TraceProtocol.Gone)
                    break;
                hasCome |= reader != TraceProtocol.Awaited;
                if (reader == TraceProtocol.WantsTheEnd)
                    _finish.Cancel();
                await _channel.WaitAsync(seen, hasCome ? _end.Token : coming.Token);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or StaleHandleException)
        {
            // It did not come or go in time, or the domain was resumed.
        }
        _end.Cancel();
    }

    private async Task PumpAsync()
    {
        TraceRecord[] batch = new TraceRecord[BatchRecords];
        bool isLast;
        do
        {
            isLast = _finish.IsCancellationRequested;
            if (isLast)
                _session.Stop();
            int count;
            do
            {
                count = _session.Read(batch);
                await WriteAsync(batch, count * TraceRecord.Bytes);
            }
            while (count == batch.Length);
            if (_mustNotify)
                TryNotify();
            if (!isLast)
                await PauseAsync();
        }
        while (!isLast);
    }

    /// <summary>
    /// Lets records gather, until half of the session's ring is full or for a while. An event for each would be recorded, and with it the work of
    /// sending it: a trace of the tracing, without an end.
    /// </summary>
    private async Task PauseAsync()
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(_finish.Token, _end.Token);
        try
        {
            await _session.WaitAsync(_options.FlushInterval, either.Token);
        }
        catch (OperationCanceledException) when (!_end.IsCancellationRequested)
        {
            // The rest is to be sent.
        }
    }

    private async ValueTask WriteAsync(TraceRecord[] batch, int bytes)
    {
        for (int written = 0; written < bytes;)
        {
            EventCount seen = _channel.Count; // before looking for room
            int count = _ring.Write(MemoryMarshal.AsBytes(batch.AsSpan())[written..bytes]);
            _mustNotify |= _ring.MustNotify;
            written += count;
            if (count > 0)
                continue;
            if (_mustNotify)
                TryNotify();
            if (_finish.IsCancellationRequested && !_isLimited)
            {
                _isLimited = true;
                _end.CancelAfter(_options.CloseLimit); // once: a tool that takes a byte now and then would hold up the end of the program
            }
            await _channel.WaitAsync(seen, _end.Token);
        }
    }

    private void TryNotify()
    {
        _mustNotify = false;
        try
        {
            _channel.Notify();
        }
        catch (Exception error) when (error is StaleHandleException or ObjectDisposedException)
        {
            // The tool hears of nothing any more; it has the end of the domain to go by.
        }
    }
}
