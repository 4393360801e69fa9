namespace Xenolith.Xenbus;

/// <summary>The state nodes of both ends of one device, wherever they are kept.</summary>
public interface IXenbusStates
{
    /// <summary>Writes this end's state.</summary>
    ValueTask WriteAsync(XenbusState state, CancellationToken cancellationToken);

    /// <summary>
    /// Waits until the other end's state is another than the one given, and returns it; <see cref="XenbusState.Unknown"/> where there is none.
    /// </summary>
    ValueTask<XenbusState> WaitForOtherThanAsync(XenbusState known, CancellationToken cancellationToken);
}

/// <summary>What a driver does in the course of the handshake. Its methods are called one at a time.</summary>
public interface IXenbusDriver
{
    /// <summary>Publishes this end's details; see <see cref="XenbusAction.Publish"/>.</summary>
    ValueTask PublishAsync(CancellationToken cancellationToken);

    /// <summary>Takes the other end's details and begins to work.</summary>
    ValueTask ConnectAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Lets go of everything that <see cref="PublishAsync"/> and <see cref="ConnectAsync"/> took, whichever of them ran and even if it failed. A
    /// front end's pages may still be mapped by a faulty back end: disposing of them takes care of that.
    /// </summary>
    ValueTask ReleaseAsync();
}

/// <summary>Carries one connection of a device from its beginning to its end, by <see cref="XenbusRules"/>.</summary>
/// <remarks>
/// For one connection; a driver that reconnects, as after a resume, makes a new one each time. <see cref="Close"/> is safe from any thread.
/// </remarks>
public sealed class XenbusHandshake
{
    private readonly IXenbusStates _states;
    private readonly IXenbusDriver _driver;
    private readonly Func<XenbusState, XenbusState, bool, XenbusTransition> _rules;
    private readonly CancellationTokenSource _close = new();
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private XenbusState _ours = XenbusState.Initialising;
    private bool _holds;

    private XenbusHandshake(IXenbusStates states, IXenbusDriver driver, Func<XenbusState, XenbusState, bool, XenbusTransition> rules)
    {
        _states = states;
        _driver = driver;
        _rules = rules;
    }

    /// <summary>This end's state.</summary>
    public XenbusState State => _ours;

    /// <summary>Waits until both ends are connected.</summary>
    /// <exception cref="OperationCanceledException">The connection has ended before.</exception>
    /// <remarks>If the driver failed, its exception is thrown here too.</remarks>
    public async Task WaitUntilConnectedAsync() => await _connected.Task;

    /// <summary>The connection of a front end.</summary>
    public static XenbusHandshake ForFrontend(IXenbusStates states, IXenbusDriver driver) => new(states, driver, XenbusRules.Frontend);

    /// <summary>The connection of a back end.</summary>
    public static XenbusHandshake ForBackend(IXenbusStates states, IXenbusDriver driver) => new(states, driver, XenbusRules.Backend);

    /// <summary>Asks for an orderly end: <see cref="RunAsync"/> closes this end as soon as the other allows it.</summary>
    public void Close() => _close.Cancel();

    /// <summary>Runs the connection until both ends have let go, whoever began it.</summary>
    /// <param name="cancellationToken">
    /// Gives up at once, without waiting for the other end: releases what there is and leaves the state as it is. For a clean end call
    /// <see cref="Close"/>.
    /// </param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _states.WriteAsync(_ours, cancellationToken);
            XenbusState theirs = XenbusState.Unknown;
            bool isFirst = true;
            for (; ; )
            {
                bool closing = _close.IsCancellationRequested; // seen once: a wish that comes after this ends the wait below
                XenbusTransition step = isFirst ? new(XenbusAction.Wait, _ours) : _rules(_ours, theirs, closing);
                if (step.Action == XenbusAction.End)
                    return;
                if (step.Action == XenbusAction.Wait)
                {
                    // The first look must not wait for a change: (XenbusState)(-1) is no state.
                    theirs = await WaitAsync(isFirst ? (XenbusState)(-1) : theirs, closing, cancellationToken);
                    isFirst = false;
                    continue;
                }
                await ActAsync(step.Action, cancellationToken);
                if (step.Next != _ours)
                {
                    await _states.WriteAsync(step.Next, cancellationToken);
                    _ours = step.Next;
                }
                if (_ours == XenbusState.Connected)
                    _connected.TrySetResult();
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            _connected.TrySetException(error);
            throw;
        }
        finally
        {
            _connected.TrySetCanceled(CancellationToken.None);
            await ReleaseAsync();
        }
    }

    private async ValueTask ActAsync(XenbusAction action, CancellationToken cancellationToken)
    {
        switch (action)
        {
            case XenbusAction.Publish:
                _holds = true; // even if it fails half way
                await _driver.PublishAsync(cancellationToken);
                break;
            case XenbusAction.Connect:
                _holds = true;
                await _driver.ConnectAsync(cancellationToken);
                break;
            case XenbusAction.Release:
                await ReleaseAsync();
                break;
        }
    }

    private async ValueTask ReleaseAsync()
    {
        if (!_holds)
            return;
        _holds = false;
        await _driver.ReleaseAsync();
    }

    /// <summary>Waits for the other end, or for the wish to close.</summary>
    private async ValueTask<XenbusState> WaitAsync(XenbusState known, bool closing, CancellationToken cancellationToken)
    {
        if (closing)
            return await _states.WaitForOtherThanAsync(known, cancellationToken);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _close.Token);
        try
        {
            return await _states.WaitForOtherThanAsync(known, either.Token);
        }
        catch (OperationCanceledException) when (_close.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return known == (XenbusState)(-1) ? XenbusState.Unknown : known;
        }
    }
}
