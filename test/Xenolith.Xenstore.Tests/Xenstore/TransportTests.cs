using System.Net.Sockets;
using Xenolith.Contract;
using Xenolith.Simulation;
using Xenolith.Simulation.Xenstore;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Xenstore;

/// <summary>
/// The contract of xenstore in memory, over a ring and over a Unix socket, on many threads at once, as domain 0 and as another.
/// Xenolith.Simulation.Tests checks it in simulated time, and Xenolith.Image.Tests with the real daemon.
/// </summary>
public sealed class ClientContractTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30); // a lost event would take for ever

    public static TheoryData<string, int> Cases()
    {
        TheoryData<string, int> data = [];
        foreach (XenstoreCase contract in XenstoreContract.All)
        {
            data.Add(contract.Name, 0);
            data.Add(contract.Name, 3);
        }

        return data;
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task In_memory(string name, int domain)
    {
        InMemoryXenstored daemon = new();
        daemon.AddDomain(domain);
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(daemon.CreateTransport(domain), cancellationToken: TestContext.Current.CancellationToken);
        await RunAsync(name, store);
        Assert.Equal((0, 0), (daemon.WatchCount, daemon.TransactionCount));
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Over_the_ring_of_a_domain(string name, int domain)
    {
        using SimulatedHypervisor hypervisor = new();
        SimulatedDomain[] domains = [.. Enumerable.Range(0, domain + 1).Select(_ => hypervisor.CreateDomain())];
        await RunAsync(name, domains[domain].Platform.Xenstore);
        Assert.Equal((0, 0), (hypervisor.Xenstored.WatchCount, hypervisor.Xenstored.TransactionCount));
        await domains[domain].Platform.DisposeAsync();
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Over_a_unix_socket(string name, int domain)
    {
        InMemoryXenstored daemon = new();
        daemon.AddDomain(domain);
        string path = Path.Combine(Path.GetTempPath(), $"xenstore-{Guid.NewGuid():N}");
        await using SocketServer server = new(path, daemon, domain);
        await using XenstoreClient store =
            await XenstoreClient.ConnectAsync(new XenstoreUnixSocketTransport(path), cancellationToken: TestContext.Current.CancellationToken);
        await RunAsync(name, store);
        Assert.Equal((0, 0), (daemon.WatchCount, daemon.TransactionCount));
    }

    private static async Task RunAsync(string name, XenstoreClient store) =>
        await XenstoreContract.All.Single(contract => contract.Name == name).RunAsync(await XenstoreWorld.CreateAsync(store)).WaitAsync(s_limit);
}

/// <summary>What is particular to a Unix socket.</summary>
public sealed class UnixSocketClientTests : IAsyncLifetime
{
    private readonly InMemoryXenstored _daemon = new();
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"xenstore-{Guid.NewGuid():N}");
    private SocketServer? _server;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private XenstoreClient Store { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _server = new SocketServer(_path, _daemon, domain: 0);
        Store = await XenstoreClient.ConnectAsync(new XenstoreUnixSocketTransport(_path), cancellationToken: Token);
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await _server!.DisposeAsync();
    }

    [Fact]
    public async Task A_daemon_that_restarts_is_connected_to_again_and_watches_go_on()
    {
        await using XenstoreWatch watch = await Store.WatchAsync("/contract", Token);
        await watch.ReadAsync(Token);
        await _server!.DisposeAsync();
        _server = new SocketServer(_path, _daemon, domain: 0);
        Assert.Equal("/contract", (await watch.ReadAsync(Token)).Path);
        await Store.WriteAsync("/contract/x", "after", Token);
        Assert.Equal("/contract/x", (await watch.ReadAsync(Token)).Path);
        Assert.Equal(2, Store.ConnectionGeneration);
    }

    [Fact]
    public async Task A_daemon_that_is_not_there_is_a_clear_error()
    {
        XenstoreDisconnectedException exception = await Assert.ThrowsAsync<XenstoreDisconnectedException>(
            () => XenstoreClient.ConnectAsync(new XenstoreUnixSocketTransport("/nonexistent/socket"), cancellationToken: Token));
        Assert.Contains("/nonexistent/socket", exception.Message);
    }

    [Fact]
    public async Task A_daemon_that_does_not_come_back_ends_everything_that_waits()
    {
        await using XenstoreClient impatient =
            await XenstoreClient.ConnectAsync(new XenstoreUnixSocketTransport(_path) { ReconnectTimeout = TimeSpan.Zero }, cancellationToken: Token);
        await using XenstoreWatch watch = await impatient.WatchAsync("/contract", Token);
        await watch.ReadAsync(Token);
        await _server!.DisposeAsync();
        await Assert.ThrowsAsync<XenstoreDisconnectedException>(async () => await watch.ReadAsync(Token));
        await Assert.ThrowsAsync<XenstoreDisconnectedException>(() => impatient.ReadAsync("/contract", Token));
    }
}

/// <summary>Serves an in-memory daemon on a Unix socket.</summary>
internal sealed class SocketServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _path;
    private readonly Task _run;

    public SocketServer(string path, InMemoryXenstored daemon, int domain)
    {
        _path = path;
        File.Delete(path);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _run = RunAsync(daemon, domain);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _run;
        File.Delete(_path);
    }

    private async Task RunAsync(InMemoryXenstored daemon, int domain)
    {
        List<Task> served = [];
        try
        {
            while (true)
                served.Add(ServeAsync(await _listener.AcceptAsync(_stop.Token), daemon, domain));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }

        await Task.WhenAll(served);
    }

    private async Task ServeAsync(Socket socket, InMemoryXenstored daemon, int domain)
    {
        await using NetworkStream stream = new(socket, ownsSocket: true);
        await using XenstoreChannel channel = await daemon.CreateTransport(domain).ConnectAsync(_stop.Token);
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        await Task.WhenAll(
            CopyAsync(stream.ReadAsync, channel.WriteAsync, ended),
            CopyAsync(channel.ReadAsync, stream.WriteAsync, ended));
    }

    private static async Task CopyAsync(
        Func<Memory<byte>, CancellationToken, ValueTask<int>> read,
        Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write,
        CancellationTokenSource ended)
    {
        byte[] buffer = new byte[4096];
        try
        {
            int count;
            while ((count = await read(buffer, ended.Token)) > 0)
                await write(buffer.AsMemory(0, count), ended.Token);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
        }

        await ended.CancelAsync();
    }
}
