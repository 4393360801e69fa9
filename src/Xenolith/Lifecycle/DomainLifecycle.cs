using System.Runtime.CompilerServices;
using Xenolith.Abi;
using Xenolith.Hooks;
using Xenolith.Xenstore;

namespace Xenolith.Lifecycle;

/// <summary>
/// How the domain ends: requests of the toolstack that it should, and the end itself; and how it is suspended. A program that waits for requests is
/// asked before it ends; for one that does not, <c>xl shutdown</c> fails after a minute and <c>xl destroy</c> remains.
/// </summary>
/// <remarks>
/// <para>A request is a word in <c>control/shutdown</c>. It is acknowledged, by clearing the node, for exactly one of those who wait for it,
/// at the moment at which it is handed out; one that comes while nobody waits stays in the node and meets the next who does. While somebody waits,
/// <c>control/feature-poweroff</c>, <c>-reboot</c> and <c>-suspend</c> tell toolstacks which requests are heard. A word that nobody here waits for is
/// left as it is, so that the toolstack sees that it was not heard.</para>
/// <para>Safe from any thread. Source: Xen, docs/misc/xenstore-paths.pandoc, "~/control/shutdown".</para>
/// </remarks>
/// <example>
/// <code>
/// switch (await XenPlatform.Current.Lifecycle.WaitForRequestAsync())
/// {
///     case ShutdownRequest.Reboot:
///         await server.StopAsync();
///         await XenPlatform.Current.Lifecycle.RebootAsync();
///         break;
///     default:
///         await server.StopAsync();
///         break; // and return from Main, which powers off
/// }
/// </code>
/// </example>
public sealed class DomainLifecycle
{
    private const ShutdownRequest Ends = ShutdownRequest.PowerOff | ShutdownRequest.Reboot, All = Ends | ShutdownRequest.Suspend;

    private readonly XenPlatform _platform;
    private readonly Lazy<ShutdownControl> _control;
    private readonly FairSemaphore _suspending = new(1);

    internal DomainLifecycle(XenPlatform platform)
    {
        _platform = platform;
        _control = new(() => new ShutdownControl(platform.Xenstore, word => RequestIgnored?.Invoke(word)));
    }

    /// <summary>
    /// Raised, while somebody waits for requests, for a word that none of them waits for; once for each time it is set. The word is cut to 64
    /// characters, and what is not printable ASCII in it replaced by a question mark. Called on the thread of a waiter; must not throw.
    /// </summary>
    public event Action<string>? RequestIgnored;

    /// <summary>Waits for the next request of the toolstack, and acknowledges it.</summary>
    /// <param name="accepted">The requests to wait for.</param>
    /// <param name="cancellationToken">Ends the wait; no request is lost by it.</param>
    /// <returns>One of <paramref name="accepted"/>.</returns>
    /// <exception cref="XenstoreException">xenstored cannot be reached any more, or refuses to let the node be watched.</exception>
    /// <exception cref="PlatformNotSupportedException">The program is a process, not a domain; requests are for the operating system.</exception>
    public async ValueTask<ShutdownRequest> WaitForRequestAsync(ShutdownRequest accepted = Ends, CancellationToken cancellationToken = default)
    {
        await using IAsyncEnumerator<ShutdownRequest> requests = RequestsAsync(accepted, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await requests.MoveNextAsync();
        return requests.Current;
    }

    /// <summary>
    /// The requests of the toolstack, one after the other, without an end. From the first until the end of the enumeration the requests are
    /// advertised; each is acknowledged when it is handed out, so that one which comes meanwhile waits in xenstore.
    /// </summary>
    /// <inheritdoc cref="WaitForRequestAsync"/>
    public IAsyncEnumerable<ShutdownRequest> RequestsAsync(ShutdownRequest accepted = Ends, CancellationToken cancellationToken = default)
    {
        if (accepted == ShutdownRequest.None || (accepted & ~All) != 0)
            throw new ArgumentOutOfRangeException(nameof(accepted), accepted, "Name one request or several.");
        ThrowIfProcess();
        return EnumerateAsync(accepted, cancellationToken);
    }

    /// <summary>
    /// Says how the end of the domain is to be reported when the program ends with an exit code, by returning from <c>Main</c> or otherwise:
    /// as <see cref="ShutdownReason.Poweroff"/>, which is so unless it is changed, or as <see cref="ShutdownReason.Reboot"/>. The last call counts.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Another reason, which no program ends with.</exception>
    /// <exception cref="PlatformNotSupportedException">The program's end is not that of a domain, as in a process.</exception>
    public void SetExitReason(ShutdownReason reason)
    {
        if (reason is not (ShutdownReason.Poweroff or ShutdownReason.Reboot))
            throw new ArgumentOutOfRangeException(nameof(reason), reason, "A program ends as poweroff or as reboot.");
        _platform.SetExitReason(reason);
    }

    /// <summary>
    /// Ends the program, and the domain as powered off: as <see cref="Environment.Exit"/> does, after <see cref="PlatformHooks.AtExit"/>, with the
    /// code in xenstore and the console's output out.
    /// </summary>
    /// <param name="exitCode">The program's exit code, 0 to 255.</param>
    /// <returns>A task that does not complete where the program ends with the domain; in a simulation it does.</returns>
    /// <exception cref="PlatformNotSupportedException">The program's end is not that of a domain, as in a process. Nothing happened.</exception>
    public Task PowerOffAsync(int exitCode = 0) => _platform.ShutdownAsync(ShutdownReason.Poweroff, exitCode);

    /// <summary>
    /// As <see cref="PowerOffAsync"/>, but the toolstack is told that the domain reboots. It starts the domain anew, unless its configuration
    /// says otherwise (<c>on_reboot</c>).
    /// </summary>
    /// <inheritdoc cref="PowerOffAsync"/>
    public Task RebootAsync(int exitCode = 0) => _platform.ShutdownAsync(ShutdownReason.Reboot, exitCode);

    /// <summary>
    /// Ends the domain as crashed, with the message and a backtrace on the console, as <see cref="Environment.FailFast(string)"/> does. The toolstack
    /// keeps it for an inspection if its configuration says so (<c>on_crash</c>).
    /// </summary>
    /// <param name="message">Why.</param>
    /// <inheritdoc cref="PowerOffAsync"/>
    public Task CrashAsync(string message)
    {
        ArgumentException.ThrowIfNullOrEmpty(message);
        return _platform.ShutdownAsync(ShutdownReason.Crash, exitCode: 0, message);
    }

    /// <summary>
    /// From now on the toolstack can save and migrate the domain (<c>xl save</c>, <c>xl migrate</c>): its requests are advertised, heard, and carried
    /// out as <see cref="SuspendAsync"/> does, until the result is disposed of.
    /// </summary>
    /// <param name="cancellationToken">Gives up before that has begun.</param>
    /// <exception cref="XenstoreException">xenstored cannot be reached, or refuses to let the node be watched.</exception>
    public async ValueTask<IAsyncDisposable> AllowSuspendAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfProcess();
        return new SuspendListener(this, await _control.Value.ListenAsync(ShutdownRequest.Suspend, cancellationToken), _platform.Hooks.Report);
    }

    /// <summary>
    /// Suspends the domain: runs the hooks of <see cref="PlatformHooks.OnSuspend"/>, stops, and when the domain runs again runs the hooks for
    /// that. To be called when the toolstack has asked for it; at any other time the domain would stay as it is until somebody resumes or destroys
    /// it.
    /// </summary>
    /// <returns>Whether the domain was resumed in a new place, in a new <see cref="Generation"/>, or goes on as it was.</returns>
    /// <exception cref="XenException">Xen refused. Everything goes on as it was; the hooks have run.</exception>
    /// <exception cref="PlatformNotSupportedException">The program is not a domain.</exception>
    public async Task<SuspendOutcome> SuspendAsync()
    {
        await _suspending.WaitAsync(CancellationToken.None);
        try
        {
            SuspendHooks.Run hooks = await _platform.Hooks.BeginSuspendAsync();
            SuspendOutcome outcome = SuspendOutcome.Cancelled;
            try
            {
                outcome = _platform.Suspend();
            }
            finally
            {
                await hooks.EndAsync(outcome);
            }
            return outcome;
        }
        finally
        {
            _suspending.Release();
        }
    }

    private void ThrowIfProcess()
    {
        if (!_platform.IsWholeDomain)
        {
            throw new PlatformNotSupportedException("This program is a process: requests of the toolstack are for the operating system of its domain, "
                + "which ends its processes with SIGTERM (PosixSignalRegistration).");
        }
    }

    private async IAsyncEnumerable<ShutdownRequest> EnumerateAsync(
        ShutdownRequest accepted, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using RequestListener listener = await _control.Value.ListenAsync(accepted, cancellationToken);
        while (true)
            yield return await listener.NextAsync(cancellationToken);
    }
}
