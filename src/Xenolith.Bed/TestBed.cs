using System.Net;

namespace Xenolith.Bed;

/// <summary>
/// A running Xen with its dom0, in an emulator process that this object owns: it ends when the object is disposed and when this process ends, however it ends.
/// Any number may run at once. All members may be used from any thread.
/// </summary>
/// <example>
/// <code>
/// await using TestBed bed = await TestBed.StartAsync();
/// await using Domain hello = await bed.CreateDomainAsync(new() { ImagePath = "Hello.xen", Memory = 16, CommandLine = "one two" });
/// await hello.Console.WaitForLineAsync("Hello");
/// DomainEnd end = await hello.WaitForShutdownAsync();
/// </code>
/// </example>
public sealed class TestBed : IAsyncDisposable
{
    private TestBed(BedOptions options, BedInfo info)
    {
        Options = options;
        Info = info;
    }

    /// <summary>The options that it was started with.</summary>
    public BedOptions Options { get; }

    /// <summary>What it runs: versions and files.</summary>
    public BedInfo Info { get; }

    /// <summary>The consoles of Xen and dom0, from power-on: also the boot before the snapshot.</summary>
    public GuestConsole XenLog => throw new NotImplementedException();

    /// <summary>The running domUs' store of keys (xenstored in dom0), as dom0 sees it.</summary>
    public BedXenstore Xenstore => throw new NotImplementedException();

    /// <summary>Starts a machine, building what is missing in the cache first, and returns when dom0 answers.</summary>
    /// <exception cref="BedException">A prerequisite is missing (the message says what to do), or the machine did not come up.</exception>
    public static Task<TestBed> StartAsync(BedOptions? options = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Creates a domU and returns when <c>xl create</c> has done so: the guest runs (unless paused), but need not have printed anything yet.</summary>
    /// <exception cref="BedException"><c>xl create</c> failed; the message has its output.</exception>
    public Task<Domain> CreateDomainAsync(DomainOptions options, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>
    /// Creates a domU from the text of an xl.cfg(5) file, which is passed to <c>xl create</c> unchanged.
    /// </summary>
    /// <param name="config">The configuration's text.</param>
    /// <param name="files">Files to put into dom0 first: the key is the path as the configuration names it (a relative one is relative to the
    /// configuration's folder), the value a file on this host.</param>
    /// <param name="paused">Whether it is created paused.</param>
    /// <param name="hold">Whether the bed holds the domain at its end until it is disposed, whatever the configuration's <c>on_*</c> say: the reason and
    /// exit code are then certain to be read. Otherwise <c>xl</c> acts as configured.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<Domain> CreateFromConfigAsync(
        string config, IReadOnlyDictionary<string, string>? files = null, bool paused = false, bool hold = true, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Watches a domU that something else created, for example <c>xl restore</c> or a restart.</summary>
    public Task<Domain> AttachDomainAsync(string name, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Runs a program in dom0 to its end.</summary>
    public Task<CommandResult> RunAsync(Dom0Command command, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Runs a program in dom0 to its end, with <see cref="Dom0Command"/>'s defaults.</summary>
    public Task<CommandResult> RunAsync(string program, params string[] arguments) => RunAsync(new Dom0Command { Program = program, Arguments = arguments });

    /// <summary>Runs a line of shell in dom0 to its end.</summary>
    public Task<CommandResult> RunShellAsync(string line, CancellationToken cancellationToken = default) =>
        RunAsync(new Dom0Command { Program = "/bin/sh", Arguments = ["-c", line] }, cancellationToken);

    /// <summary>
    /// Starts a program in dom0 on a terminal of its own and connects it with two streams until it ends: <c>xenolith bed shell</c>.
    /// </summary>
    /// <param name="program">The program, for example <c>/bin/sh</c>.</param>
    /// <param name="input">What is typed. Its end closes the terminal.</param>
    /// <param name="output">What the terminal shows.</param>
    /// <param name="columns">The terminal's width.</param>
    /// <param name="rows">The terminal's height.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    /// <returns>The program's exit code.</returns>
    public Task<int> RunInteractiveAsync(string program, Stream input, Stream output, int columns = 80, int rows = 25, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Copies a file of this host into dom0, making missing folders; an existing file is replaced. The file is executable in dom0.</summary>
    public Task UploadAsync(string hostPath, string dom0Path, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Writes what a stream holds into a file in dom0, as <see cref="UploadAsync(string, string, CancellationToken)"/> does.</summary>
    public Task UploadAsync(Stream source, string dom0Path, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Copies a file of dom0 to this host; an existing file is replaced.</summary>
    public Task DownloadAsync(string dom0Path, string hostPath, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Copies a file of dom0 into a stream.</summary>
    public Task DownloadAsync(string dom0Path, Stream destination, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>
    /// Opens a port on this host's loopback whose connections are continued to a TCP port in the bed, until the result is disposed.
    /// A connection is closed at once when nobody listens there.
    /// </summary>
    /// <param name="address">A domU's or dom0's address, for example 10.0.2.20, or 127.0.0.1 for dom0 itself.</param>
    /// <param name="port">The port there.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<PortForward> ForwardTcpAsync(IPAddress address, int port, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Connects to a TCP port in the bed, without a port on this host.</summary>
    public Task<Stream> ConnectTcpAsync(IPAddress address, int port, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>The hypervisor's message buffer (<c>xl dmesg</c>).</summary>
    public Task<string> ReadXenMessagesAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

/// <summary>A port on this host's loopback that leads into the bed.</summary>
public sealed class PortForward : IAsyncDisposable
{
    internal PortForward(IPEndPoint endPoint) => LocalEndPoint = endPoint;

    /// <summary>Where to connect to.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
