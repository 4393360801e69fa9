using Xenolith.Bed.Protocol;

namespace Xenolith.Bed.Emulator;

/// <summary>An emulated machine whose dom0 answers.</summary>
internal sealed class RunningMachine : IAsyncDisposable
{
    private const string SnapshotCapabilities =
        """{"capabilities":[{"capability":"events","state":true},{"capability":"x-ignore-shared","state":true}]}""";

    private const string StateFile = "state";

    private readonly Qemu _qemu;
    private readonly Task _serving;

    private readonly SharedMemory _exchange;

    private RunningMachine(Qemu qemu, SharedMemory exchange, GuestConsole log)
    {
        _qemu = qemu;
        _exchange = exchange;
        Log = log;
        Agent = new(qemu.Agent, qemu.Agent, exchange);
        _serving = Agent.RunAsync();
    }

    /// <summary>The consoles of Xen and dom0.</summary>
    public GuestConsole Log { get; }

    /// <summary>The connection to dom0's agent.</summary>
    public Multiplexer Agent { get; }

    /// <summary>QEMU's keeper.</summary>
    public int KeeperProcessId => _qemu.KeeperProcessId;

    /// <summary>What QEMU complained about.</summary>
    public string EmulatorErrors => _qemu.Errors;

    /// <summary>Boots a machine, or continues one from a snapshot, and waits until its dom0 answers.</summary>
    /// <param name="qemu">The emulator's program.</param>
    /// <param name="folder">The machine's folder in the cache.</param>
    /// <param name="settings">The machine.</param>
    /// <param name="memory">Where its memory is. Private: it continues from the snapshot.</param>
    /// <param name="log">Receives the consoles of Xen and dom0.</param>
    /// <param name="setClock">Whether dom0 is given the host's wall clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<RunningMachine> BootAsync(
        string qemu, string folder, MachineSettings settings, MemoryBacking memory, GuestConsole log, bool setClock, CancellationToken cancellationToken)
    {
        bool snapshot = memory == MemoryBacking.Private;
        TimeSpan limit = settings.Options.StartTimeout;
        SharedMemory exchange = new();
        RunningMachine? machine = null;
        using CancellationTokenSource timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer.CancelAfter(limit);
        try
        {
            List<string> arguments = [.. settings.Arguments(memory, exchange.Path), .. settings.BootArguments(snapshot)];
            if (snapshot)
            {
                log.Append(await File.ReadAllBytesAsync(Path.Combine(folder, "boot.log"), timer.Token).ConfigureAwait(false));
                arguments.AddRange(["-incoming", "defer"]);
            }

            machine = new(await Qemu.StartAsync(qemu, folder, arguments, log, timer.Token).ConfigureAwait(false), exchange, log);
            machine._qemu.ConsoleRead = machine.LookForPanic;
            QmpClient monitor = machine._qemu.Monitor;
            await monitor.ExecuteAsync("qmp_capabilities", "{}", timer.Token).ConfigureAwait(false);
            if (snapshot)
            {
                await monitor.ExecuteAsync("migrate-set-capabilities", SnapshotCapabilities, timer.Token).ConfigureAwait(false);
                await monitor.ExecuteAsync("migrate-incoming", $$"""{"uri":"exec:cat {{StateFile}}"}""", timer.Token).ConfigureAwait(false);
                await monitor.Migrated.WaitAsync(timer.Token).ConfigureAwait(false);
                await monitor.ExecuteAsync("cont", "{}", timer.Token).ConfigureAwait(false);
            }

            await machine.GreetAsync(setClock, timer.Token).ConfigureAwait(false);
            return machine;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or BedException)
        {
            string errors = machine?.EmulatorErrors ?? "";
            if (machine is not null)
                await machine.DisposeAsync().ConfigureAwait(false);
            exchange.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw exception switch
            {
                OperationCanceledException => new BedTimeoutException(Explain($"dom0 did not answer within {limit.TotalSeconds:0.#} s. {errors}", log)),
                IOException => new BedException(Explain($"The machine did not come up: {exception.Message} {errors}", log), exception),
                _ => exception,
            };
        }
    }

    /// <summary>Saves the machine's state into its folder and ends it. Its memory is in the file that backs it.</summary>
    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        QmpClient monitor = _qemu.Monitor;
        await monitor.ExecuteAsync("migrate-set-capabilities", SnapshotCapabilities, cancellationToken).ConfigureAwait(false);
        await monitor.ExecuteAsync("stop", "{}", cancellationToken).ConfigureAwait(false);
        await monitor.ExecuteAsync("migrate", $$"""{"uri":"exec:cat >{{StateFile}}"}""", cancellationToken).ConfigureAwait(false);
        await monitor.Migrated.WaitAsync(cancellationToken).ConfigureAwait(false);
        await monitor.ExecuteAsync("quit", "{}", cancellationToken).ConfigureAwait(false);
        await _qemu.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        Agent.Fail(new ObjectDisposedException(nameof(TestBed), "The bed was disposed."));
        await _qemu.DisposeAsync().ConfigureAwait(false);
        await _serving.ConfigureAwait(false);
        _exchange.Dispose();
    }

    private static string Explain(string message, GuestConsole log) => Diagnosis.Explain(message, log, []);

    private async Task GreetAsync(bool setClock, CancellationToken cancellationToken)
    {
        long now = setClock ? (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick : 0;
        MessageWriter request = new MessageWriter().Byte((byte)Operation.Hello).Int32(Wire.Version).Int64(now);
        MultiplexedChannel channel = await Agent.OpenAsync(request.Written, cancellationToken).ConfigureAwait(false);
        ReadOnlyMemory<byte> result = await channel.Result.WaitAsync(cancellationToken).ConfigureAwait(false);
        MessageReader fields = new(result.Span);
        if ((ResultStatus)fields.Byte() != ResultStatus.Done)
            throw new IOException(fields.String());
        if (fields.Int32() != Wire.Version)
            throw new IOException("dom0's agent speaks another version of the protocol.");
    }

    /// <summary>A machine that panicked stays as it is (Xen's "noreboot"): whoever waits for it should know at once.</summary>
    private void LookForPanic()
    {
        ReadOnlySpan<byte> bytes = Log.Bytes.Span;
        ReadOnlySpan<byte> recent = bytes[^Math.Min(bytes.Length, 32 * 1024)..];
        if (recent.IndexOf("'noreboot' set"u8) >= 0 || recent.IndexOf("('noreboot' specified)"u8) >= 0)
            Agent.Fail(new IOException("Xen or dom0 has panicked."));
    }
}
