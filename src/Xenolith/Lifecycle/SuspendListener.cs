using Xenolith.Hooks;
using Xenolith.Xenstore;

namespace Xenolith.Lifecycle;

/// <summary>Suspends the domain each time that the toolstack asks for it, until it is disposed of.</summary>
internal sealed class SuspendListener : IAsyncDisposable
{
    private readonly DomainLifecycle _lifecycle;
    private readonly RequestListener _requests;
    private readonly Action<HookFailure> _report;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;

    internal SuspendListener(DomainLifecycle lifecycle, RequestListener requests, Action<HookFailure> report)
    {
        _lifecycle = lifecycle;
        _requests = requests;
        _report = report;
        _run = RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _stop.Cancel();
        await _run;
        await _requests.DisposeAsync();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await _requests.NextAsync(_stop.Token);
                try
                {
                    await _lifecycle.SuspendOnceAsync(_requests.Generation);
                }
                catch (Exception error)
                {
                    // Xen has refused, or there is no memory. The domain goes on, and the toolstack gives up; the next request may fare better.
                    _report(new HookFailure("suspend", error));
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception error)
        {
            _report(new HookFailure("suspend", error)); // no request can be heard any more
        }
    }
}
