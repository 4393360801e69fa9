using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Xenolith.Bed.Protocol;

namespace Xenolith.Bed;

/// <summary>
/// A domU of a <see cref="TestBed"/>. Disposing it destroys the domain if it is still there. All members may be used from any thread.
/// </summary>
public sealed class Domain : IAsyncDisposable
{
    private readonly MultiplexedChannel _channel;
    private readonly Task<DomainEnd> _end;
    private readonly ConcurrentQueue<(long End, TimeSpan Time)> _arrivals = new();

    internal Domain(TestBed bed, string name, int id, MultiplexedChannel channel)
    {
        Bed = bed;
        Name = name;
        Id = id;
        Console = new(bed.Options.Timeout, bed.Explain);
        _channel = channel;
        _end = WatchAsync();
        _ = _end.ContinueWith(task => task.Exception, TaskScheduler.Default); // Observed: a test need not wait for the end.
    }

    /// <summary>The bed it runs in.</summary>
    public TestBed Bed { get; }

    /// <summary>The domain's name.</summary>
    public string Name { get; }

    /// <summary>The domain's id.</summary>
    public int Id { get; }

    /// <summary>What the guest wrote to its console.</summary>
    public GuestConsole Console { get; }

    /// <summary>
    /// Waits until the domain has stopped and every byte that it wrote to its console is in <see cref="Console"/>. May be called any number of times.
    /// </summary>
    /// <param name="timeout">How long at most. Null: <see cref="BedOptions.Timeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="BedTimeoutException">The domain still runs; the message shows the consoles.</exception>
    public Task<DomainEnd> WaitForShutdownAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Bed.WithinAsync($"{Name} has not ended", timeout, _end.WaitAsync, cancellationToken);

    /// <summary>Writes bytes to the guest's console, as if typed.</summary>
    public Task SendConsoleInputAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        Bed.CallAsync(
            $"typing into {Name}'s console",
            new MessageWriter().Byte((byte)Operation.ConsoleInput).Int32(Id).Bytes(bytes.Span),
            null, null, static (ref MessageReader _) => true, cancellationToken);

    /// <summary>Writes text to the guest's console as UTF-8, as if typed.</summary>
    public Task SendConsoleInputAsync(string text, CancellationToken cancellationToken = default) => SendConsoleInputAsync(Encoding.UTF8.GetBytes(text), cancellationToken);

    /// <summary>Stops the domain's virtual CPUs.</summary>
    public Task PauseAsync(CancellationToken cancellationToken = default) => SetPausedAsync(true, cancellationToken);

    /// <summary>Lets a paused domain go on.</summary>
    /// <returns>dom0's monotonic clock just before.</returns>
    public Task<TimeSpan> UnpauseAsync(CancellationToken cancellationToken = default) => SetPausedAsync(false, cancellationToken);

    /// <summary>When a byte of the guest's console had arrived in dom0, by dom0's monotonic clock: the way to this host is not in it.</summary>
    /// <param name="position">The byte's index in <see cref="GuestConsole.RawBytes"/>.</param>
    /// <returns><see langword="null"/> if it has not arrived.</returns>
    public TimeSpan? ArrivalOf(long position)
    {
        foreach ((long end, TimeSpan time) in _arrivals)
        {
            if (end > position)
                return time;
        }

        return null;
    }

    /// <summary>Asks the guest to power itself off (<c>control/shutdown</c> in xenstore). Returns when asked, not when done.</summary>
    public Task ShutdownAsync(CancellationToken cancellationToken = default) => RequestAsync("poweroff", cancellationToken);

    /// <summary>Asks the guest to reboot (<c>control/shutdown</c> in xenstore). Returns when asked, not when done.</summary>
    public Task RebootAsync(CancellationToken cancellationToken = default) => RequestAsync("reboot", cancellationToken);

    /// <summary>
    /// Opens a port on this host's loopback for gdb (<c>target remote</c>), until the result is disposed. A connection stops the domain, which may
    /// have been created paused; when gdb detaches or is left, the domain goes on. One debugger at a time, and a domain of one virtual CPU.
    /// </summary>
    /// <param name="trapStubs">
    /// The address of the symbol <c>trap_stubs</c> in the image: where this project's kernel takes exceptions, 16 bytes each.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<PortForward> ForwardDebuggerAsync(ulong trapStubs, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        MessageWriter request = new MessageWriter().Byte((byte)Operation.Debug).Int32(Id).Int64((long)trapStubs);
        return Task.FromResult(new PortForward(cancel => Bed.ConnectAsync($"debugging {Name}", request, cancel), Bed.Disposed));
    }

    /// <summary>Destroys the domain whatever it is doing (<c>xl destroy</c>). Nothing happens when it is gone already.</summary>
    public async Task DestroyAsync(CancellationToken cancellationToken = default)
    {
        CommandResult result = await Bed.RunAsync(
            new Dom0Command { Program = "xl", Arguments = ["destroy", Id.ToString(CultureInfo.InvariantCulture)] }, cancellationToken).ConfigureAwait(false);
        if (result.ExitCode != 0 && await Bed.Xenstore.ReadAsync($"/local/domain/{Id}/name", cancellationToken).ConfigureAwait(false) is not null)
            throw new BedException(Bed.Explain($"{Name} could not be destroyed: {result.Error}"));
        Bed.Forget(this);
    }

    /// <summary>Destroys the domain, unless the bed is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await DestroyAsync(Bed.Disposed).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is BedException or ObjectDisposedException or OperationCanceledException)
        {
            // Nothing to clean up in a machine that is gone, and an error here would hide the one that led here.
            Bed.Forget(this);
        }
    }

    private Task<TimeSpan> SetPausedAsync(bool paused, CancellationToken cancellationToken) =>
        Bed.CallAsync(
            $"{(paused ? "pausing" : "unpausing")} {Name}",
            new MessageWriter().Byte((byte)Operation.PauseDomain).Int32(Id).Boolean(paused),
            null, null, static (ref MessageReader fields) => Nanoseconds(fields.Int64()), cancellationToken);

    private Task RequestAsync(string request, CancellationToken cancellationToken) =>
        Bed.Xenstore.WriteAsync($"/local/domain/{Id}/control/shutdown", request, cancellationToken);

    private static TimeSpan Nanoseconds(long count) => TimeSpan.FromTicks(count / TimeSpan.NanosecondsPerTick);

    /// <summary>Each comes before the bytes that it is about.</summary>
    private async Task ReadArrivalsAsync()
    {
        while (await _channel.ReadAsync(StreamNumber.Error, CancellationToken.None).ConfigureAwait(false) is { IsEmpty: false } arrival)
            _arrivals.Enqueue((BinaryPrimitives.ReadInt64LittleEndian(arrival.Span), Nanoseconds(BinaryPrimitives.ReadInt64LittleEndian(arrival.Span[sizeof(long)..]))));
    }

    private async Task<DomainEnd> WatchAsync()
    {
        try
        {
            Task arrivals = ReadArrivalsAsync();
            while (await _channel.ReadAsync(StreamNumber.Output, CancellationToken.None).ConfigureAwait(false) is { IsEmpty: false } bytes)
                Console.Append(bytes.Span);
            await arrivals.ConfigureAwait(false);
            return await Bed.ResultAsync(
                _channel,
                static (ref MessageReader fields) =>
                {
                    ShutdownReason reason = (ShutdownReason)fields.Int32();
                    return new DomainEnd(reason, int.TryParse(fields.String(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int code) ? code : null);
                }).ConfigureAwait(false);
        }
        finally
        {
            Console.Complete();
        }
    }
}
