using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Xenolith.Bed.Cache;
using Xenolith.Bed.Emulator;
using Xenolith.Bed.Protocol;

namespace Xenolith.Bed;

/// <summary>
/// A running Xen with its dom0, in an emulator process that this object owns: it ends when the object is disposed and when this process ends, however
/// it ends. Any number may run at once. All members may be used from any thread.
/// </summary>
/// <remarks>
/// A call that fails, in Xen, in dom0 or in the emulator, throws a <see cref="BedException"/> with the last lines of all consoles. A wait without a
/// timeout of its own has <see cref="BedOptions.Timeout"/> and ends with a <see cref="BedTimeoutException"/>.
/// </remarks>
/// <example>
/// <code>
/// await using TestBed bed = await TestBed.StartAsync();
/// await using Domain hello = await bed.CreateDomainAsync(new() { ImagePath = "Hello.xen", Memory = 16, CommandLine = "one two" });
/// await hello.Console.WaitForLineAsync("Hello");
/// DomainEnd end = await hello.WaitForShutdownAsync();
/// </code>
/// </example>
public sealed partial class TestBed : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Domain, IReadOnlyList<ImageStore.Image>> _domains = new(); // and what each was made of
    private readonly ImageStore _images;
    private readonly CancellationTokenSource _disposed = new();
    private RunningMachine _machine = null!;
    private int _lastNumber;

    private TestBed(BedOptions options, BedInfo info)
    {
        Options = options;
        Info = info;
        _images = new(this);
        XenLog = new(options.Timeout, Explain);
        Xenstore = new(this);
    }

    /// <summary>The options that it was started with.</summary>
    public BedOptions Options { get; }

    /// <summary>What it runs: versions and files.</summary>
    public BedInfo Info { get; }

    /// <summary>The consoles of Xen and dom0, from power-on: also the boot before the snapshot.</summary>
    public GuestConsole XenLog { get; }

    /// <summary>xenstored's keys, as dom0 sees them.</summary>
    public BedXenstore Xenstore { get; }

    /// <summary>The process that ends the emulator when this process ends, and leads its session.</summary>
    internal int KeeperProcessId => _machine.KeeperProcessId;

    /// <summary>Cancelled when the bed is disposed.</summary>
    internal CancellationToken Disposed => _disposed.Token;

    /// <summary>Starts a machine, building what is missing in the cache first, and returns when dom0 answers.</summary>
    /// <exception cref="BedException">A prerequisite is missing (the message says what to do), or the machine did not come up.</exception>
    public static async Task<TestBed> StartAsync(BedOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        (BedInfo info, Machine machine, FileLock taken) = await BedBuilder.EnsureAsync(options, cancellationToken).ConfigureAwait(false);
        using (taken)
        {
            TestBed bed = new(options, info);
            bed._machine = await RunningMachine.BootAsync(
                BedBuilder.QemuProgram(options), machine.Directory, machine.Settings, options.ColdBoot ? MemoryBacking.Anonymous : MemoryBacking.Private, bed.XenLog,
                setClock: !options.Deterministic, cancellationToken).ConfigureAwait(false);
            return bed;
        }
    }

    /// <summary>
    /// Creates a domU and returns when <c>xl create</c> has done so: the guest runs (unless paused), but need not have printed anything yet.
    /// </summary>
    /// <exception cref="BedException"><c>xl create</c> failed; the message has its output.</exception>
    public async Task<Domain> CreateDomainAsync(DomainOptions options, CancellationToken cancellationToken = default)
    {
        string name = options.Name ?? string.Create(CultureInfo.InvariantCulture, $"domu-{Interlocked.Increment(ref _lastNumber)}");
        string folder = $"/domains/{name}";
        List<ImageStore.Image> images = [];
        try
        {
            images.Add(await _images.TakeAsync(options.ImagePath, cancellationToken).ConfigureAwait(false));
            if (options.RamdiskPath is not null)
                images.Add(await _images.TakeAsync(options.RamdiskPath, cancellationToken).ConfigureAwait(false));
            List<string> disks = [];
            foreach (DomainDisk disk in options.Disks)
                disks.Add(await ProvideDiskAsync(disk, $"{folder}/disk{disks.Count}", cancellationToken).ConfigureAwait(false));

            string config = XlConfig.Write(options, name, images[0].Dom0Path, images.ElementAtOrDefault(1)?.Dom0Path, disks);
            bool hold = options is { OnPoweroff: DomainEndAction.Preserve, OnReboot: DomainEndAction.Preserve, OnCrash: DomainEndAction.Preserve };
            Domain domain = await CreateAsync(name, config, options.Paused, hold, cancellationToken).ConfigureAwait(false);
            _domains[domain] = images;
            return domain;
        }
        catch
        {
            images.ForEach(image => image.Dispose());
            throw;
        }
    }

    /// <summary>
    /// Creates a domU from the text of an xl.cfg(5) file, which is passed to <c>xl create</c> unchanged.
    /// </summary>
    /// <param name="config">The configuration's text.</param>
    /// <param name="files">Files to put into dom0 first: the key is the path as the configuration names it (a relative one is relative to the
    /// configuration's folder), the value a file on this host.</param>
    /// <param name="paused">Whether it is created paused.</param>
    /// <param name="hold">Whether the bed holds the domain at its end until it is disposed, whatever the configuration's <c>on_*</c> say: the reason
    /// and exit code are then certain to be read. Otherwise <c>xl</c> acts as configured.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<Domain> CreateFromConfigAsync(
        string config, IReadOnlyDictionary<string, string>? files = null, bool paused = false, bool hold = true, CancellationToken cancellationToken = default)
    {
        string name = XlConfig.ReadName(config) ?? throw new BedException("The configuration has no line: name = \"...\"");
        foreach ((string path, string hostPath) in files ?? new Dictionary<string, string>())
            await UploadAsync(hostPath, Path.Combine($"/domains/{name}", path), cancellationToken).ConfigureAwait(false);
        return await CreateAsync(name, config, paused, hold, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Watches a domU that something else created, for example <c>xl restore</c> or a restart. Its console begins where that of the last
    /// domain of the same name ended, if the bed watched that one.</summary>
    public Task<Domain> AttachDomainAsync(string name, CancellationToken cancellationToken = default) =>
        WatchAsync(name, new MessageWriter().Byte((byte)Operation.AttachDomain).String(name), cancellationToken);

    /// <summary>
    /// Runs a program in dom0 until it has ended and both its outputs are closed (a program that it leaves in the background must not hold them).
    /// </summary>
    public async Task<CommandResult> RunAsync(Dom0Command command, CancellationToken cancellationToken = default)
    {
        MemoryStream output = new();
        MemoryStream error = new();
        MessageWriter request = RunRequest(command.Program, command.Arguments, command.Environment, command.WorkingDirectory, terminal: false, 0, 0);
        int exitCode = await CallAsync(
            $"{command.Program} in dom0",
            request,
            command.Timeout,
            (channel, _, cancel) => Task.WhenAll(
                channel.SendAllAsync(new MemoryStream(command.StandardInput.ToArray()), cancel),
                channel.ReceiveAllAsync(StreamNumber.Output, output, cancel),
                channel.ReceiveAllAsync(StreamNumber.Error, error, cancel)),
            static (ref MessageReader fields) => fields.Int32(),
            cancellationToken).ConfigureAwait(false);
        CommandResult result = new(exitCode, output.ToArray(), error.ToArray());
        return exitCode == 0 || !command.ThrowOnFailure
            ? result
            : throw new BedException(Explain($"{command.Program} {string.Join(' ', command.Arguments)} ended with code {exitCode} in dom0:\n{result.Error}{result.Output}"));
    }

    /// <summary>Runs a program in dom0 to its end, with <see cref="Dom0Command"/>'s defaults.</summary>
    public Task<CommandResult> RunAsync(string program, params string[] arguments) => RunAsync(new Dom0Command { Program = program, Arguments = arguments });

    /// <summary>Runs a line of shell in dom0 to its end.</summary>
    public Task<CommandResult> RunShellAsync(string line, CancellationToken cancellationToken = default) =>
        RunAsync(new Dom0Command { Program = "/bin/sh", Arguments = ["-c", line] }, cancellationToken);

    /// <summary>
    /// Starts a program in dom0 on a terminal of its own and connects it with two streams until it ends, without a time limit: <c>xenolith bed
    /// shell</c>.
    /// </summary>
    /// <param name="program">The program, for example <c>/bin/sh</c>.</param>
    /// <param name="input">What is typed. Its end is typed as Control-D, at which a shell ends.</param>
    /// <param name="output">What the terminal shows.</param>
    /// <param name="columns">The terminal's width.</param>
    /// <param name="rows">The terminal's height.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    /// <returns>The program's exit code.</returns>
    public Task<int> RunInteractiveAsync(string program, Stream input, Stream output, int columns = 80, int rows = 25, CancellationToken cancellationToken = default) =>
        CallAsync(
            program,
            RunRequest(program, [], new Dictionary<string, string>(), "/", terminal: true, columns, rows),
            Timeout.InfiniteTimeSpan,
            (channel, progressed, cancel) =>
            {
                _ = channel.SendAllAsync(input, cancel); // Ends with the program or with the input, whichever is first.
                return channel.ReceiveAllAsync(StreamNumber.Output, output, cancel, flush: true);
            },
            static (ref MessageReader fields) => fields.Int32(),
            cancellationToken);

    /// <summary>Starts a program in dom0 and connects its three streams with others until it ends, without a time limit.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="input">What it reads; its end is the end of the program's input.</param>
    /// <param name="output">Gets what it writes, as it comes.</param>
    /// <param name="error">Gets its messages.</param>
    /// <param name="cancellationToken">Kills the program.</param>
    /// <returns>The program's exit code.</returns>
    public Task<int> RunConnectedAsync(
        string program, IReadOnlyList<string> arguments, Stream input, Stream output, Stream error, CancellationToken cancellationToken = default) =>
        CallAsync(
            $"{program} in dom0",
            RunRequest(program, arguments, new Dictionary<string, string>(), "/", terminal: false, 0, 0),
            Timeout.InfiniteTimeSpan,
            (channel, progressed, cancel) =>
            {
                _ = channel.SendAllAsync(input, cancel); // Ends with the program or with the input, whichever is first.
                return Task.WhenAll(channel.ReceiveAllAsync(StreamNumber.Output, output, cancel, flush: true), channel.ReceiveAllAsync(StreamNumber.Error, error, cancel));
            },
            static (ref MessageReader fields) => fields.Int32(),
            cancellationToken);

    /// <summary>
    /// Copies a file of this host into dom0, making missing folders; an existing file is replaced. The file is executable in dom0.
    /// A copy may take as long as it likes; what must not last longer than <see cref="BedOptions.Timeout"/> is a standstill.
    /// </summary>
    public async Task UploadAsync(string hostPath, string dom0Path, CancellationToken cancellationToken = default)
    {
        await using FileStream source = OpenForReading(hostPath);
        await UploadAsync(source, dom0Path, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes what a stream holds into a file in dom0, as <see cref="UploadAsync(string, string, CancellationToken)"/> does.</summary>
    public async Task UploadAsync(Stream source, string dom0Path, CancellationToken cancellationToken = default)
    {
        CountingStream counted = new(source);
        long written = await CallAsync(
            $"writing {dom0Path}",
            new MessageWriter().Byte((byte)Operation.WriteFile).String(dom0Path),
            null,
            (channel, progressed, cancel) => channel.SendAllAsync(counted, cancel, progressed),
            static (ref MessageReader fields) => fields.Int64(),
            cancellationToken).ConfigureAwait(false);
        if (written != counted.Count)
            throw new BedException(Explain($"{dom0Path} has {written} of {counted.Count} bytes."));
    }

    /// <summary>Copies a file of dom0 to this host; an existing file is replaced. The time limit is that of an upload.</summary>
    public async Task DownloadAsync(string dom0Path, string hostPath, CancellationToken cancellationToken = default)
    {
        await using FileStream destination = File.Create(hostPath);
        await DownloadAsync(dom0Path, destination, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Copies a file of dom0 into a stream.</summary>
    public Task DownloadAsync(string dom0Path, Stream destination, CancellationToken cancellationToken = default) =>
        CallAsync(
            $"reading {dom0Path}",
            new MessageWriter().Byte((byte)Operation.ReadFile).String(dom0Path),
            null,
            (channel, progressed, cancel) => channel.ReceiveAllAsync(StreamNumber.Output, destination, cancel, progressed),
            static (ref MessageReader fields) => fields.Int64(),
            cancellationToken);

    /// <summary>
    /// Opens a port on this host's loopback whose connections are continued to a TCP port in the bed, until the result is disposed.
    /// A connection is closed at once when nobody listens there.
    /// </summary>
    /// <param name="address">A domU's or dom0's address, for example 10.0.2.20, or 127.0.0.1 for dom0 itself.</param>
    /// <param name="port">The port there.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<PortForward> ForwardTcpAsync(IPAddress address, int port, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(new PortForward(cancel => ConnectTcpAsync(address, port, cancel), Disposed));
    }

    /// <summary>Connects to a TCP port in the bed, without a port on this host.</summary>
    /// <exception cref="BedException">Nobody answers there.</exception>
    public async Task<Stream> ConnectTcpAsync(IPAddress address, int port, CancellationToken cancellationToken = default)
    {
        MessageWriter request = new MessageWriter().Byte((byte)Operation.Connect).String(address.ToString()).Int32(port);
        return await ConnectAsync($"connecting to {address}:{port}", request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a request whose streams are a connection, and waits until it stands.</summary>
    internal async Task<Stream> ConnectAsync(string what, MessageWriter request, CancellationToken cancellationToken)
    {
        MultiplexedChannel channel = await OpenAsync(request, cancellationToken).ConfigureAwait(false);
        ChannelStream stream = new(channel);
        bool connected = false;
        try
        {
            connected = !(await WithinAsync(what, null, cancel => channel.ReadAsync(StreamNumber.Error, cancel).AsTask(), cancellationToken)
                .ConfigureAwait(false)).IsEmpty;
            if (!connected)
                await ResultAsync(channel, static (ref MessageReader _) => true).ConfigureAwait(false);
        }
        finally
        {
            if (!connected)
                await stream.DisposeAsync().ConfigureAwait(false);
        }

        return stream;
    }

    /// <summary>The hypervisor's message buffer (<c>xl dmesg</c>).</summary>
    public async Task<string> ReadXenMessagesAsync(CancellationToken cancellationToken = default) =>
        (await RunAsync(new Dom0Command { Program = "xl", Arguments = ["dmesg"], ThrowOnFailure = true }, cancellationToken).ConfigureAwait(false)).Output;

    /// <summary>Ends the machine, whatever it is doing, and waits until it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed.IsCancellationRequested)
            return;
        await _disposed.CancelAsync().ConfigureAwait(false);
        await _machine.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>A message with the consoles below it.</summary>
    internal string Explain(string message) => Diagnosis.Explain(message, XenLog, _domains.Keys);

    internal void Forget(Domain domain)
    {
        if (!_domains.TryRemove(domain, out IReadOnlyList<ImageStore.Image>? images))
            return;
        foreach (ImageStore.Image image in images)
            image.Dispose();
    }

    private static MessageWriter RunRequest(
        string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, string directory, bool terminal, int columns, int rows) =>
        new MessageWriter().Byte((byte)Operation.Run).String(program).Strings(arguments)
            .Strings([.. environment.Select(variable => $"{variable.Key}={variable.Value}")]).String(directory).Boolean(terminal).Int32(columns).Int32(rows);

    private static FileStream OpenForReading(string path)
    {
        try
        {
            return new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BedException($"{path} cannot be read: {exception.Message}", exception);
        }
    }

    private async Task<Domain> CreateAsync(string name, string config, bool paused, bool hold, CancellationToken cancellationToken)
    {
        string path = $"/domains/{name}/{name}.xl";
        await UploadAsync(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(config)), path, cancellationToken).ConfigureAwait(false);
        return await WatchAsync(
            name, new MessageWriter().Byte((byte)Operation.CreateDomain).String(name).String(path).Boolean(hold).Boolean(paused), cancellationToken).ConfigureAwait(false);
    }

    private async Task<Domain> WatchAsync(string name, MessageWriter request, CancellationToken cancellationToken)
    {
        MultiplexedChannel channel = await OpenAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            ReadOnlyMemory<byte> id = await WithinAsync(
                $"creating {name}", null, cancel => channel.ReadAsync(StreamNumber.Error, cancel).AsTask(), cancellationToken).ConfigureAwait(false);
            if (id.IsEmpty)
                await ResultAsync(channel, static (ref MessageReader _) => true).ConfigureAwait(false);
            Domain domain = new(this, name, BitConverter.ToInt32(id.Span), channel);
            _domains[domain] = [];
            return domain;
        }
        catch
        {
            await AbandonAsync(channel).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<string> ProvideDiskAsync(DomainDisk disk, string path, CancellationToken cancellationToken)
    {
        switch (disk)
        {
            case { HostPath: string hostPath, Dom0Path: null, EmptySize: null }:
                await UploadAsync(hostPath, path, cancellationToken).ConfigureAwait(false);
                return path;
            case { HostPath: null, Dom0Path: string dom0Path, EmptySize: null }:
                return dom0Path;
            case { HostPath: null, Dom0Path: null, EmptySize: long size } when size > 0 && size % 512 == 0:
                await UploadAsync(Stream.Null, path, cancellationToken).ConfigureAwait(false);
                await RunAsync(
                    new Dom0Command { Program = "truncate", Arguments = ["-s", size.ToString(CultureInfo.InvariantCulture), path], ThrowOnFailure = true }, cancellationToken)
                    .ConfigureAwait(false);
                return path;
            default:
                throw new BedException("A disk needs exactly one of HostPath, Dom0Path and EmptySize (a positive multiple of 512).");
        }
    }
}
