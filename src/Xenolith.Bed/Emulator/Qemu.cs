using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Xenolith.Bed.Emulator;

/// <summary>
/// An emulator process and its three connections: the machine's console, the port to dom0's agent, and QEMU's own protocol. They are Unix sockets in
/// the abstract name space, so there is nothing on disk to leave behind.
/// </summary>
/// <remarks>
/// QEMU runs below a small shell that reads a pipe from this process. However this process ends, the kernel closes the pipe, and the shell kills
/// QEMU; should the shell be killed, the kernel kills QEMU (PR_SET_PDEATHSIG, which is tied to the thread that forked: in a shell there is only one,
/// while a .NET thread may end long before its process).
/// </remarks>
internal sealed partial class Qemu : IAsyncDisposable
{
    private const string Keeper = """
        setpriv --pdeathsig KILL -- "$@" </dev/null >&2 &
        qemu=$!
        exec >/dev/null 2>&1
        read -r _
        kill -9 $qemu
        wait $qemu
        """;

    private readonly Process _keeper;
    private readonly ErrorOutput _errors;
    private readonly NetworkStream _console;
    private readonly NetworkStream _monitor;
    private readonly Task _consoleCopied;

    private Qemu(Process keeper, NetworkStream console, NetworkStream agent, NetworkStream monitor, GuestConsole log, ErrorOutput errors)
    {
        _keeper = keeper;
        _console = console;
        _monitor = monitor;
        _errors = errors;
        Agent = agent;
        Monitor = new(monitor);
        _consoleCopied = CopyConsoleAsync(log);
    }

    /// <summary>The port to dom0's agent.</summary>
    public NetworkStream Agent { get; }

    /// <summary>QEMU's own protocol.</summary>
    public QmpClient Monitor { get; }

    /// <summary>The shell that QEMU runs below.</summary>
    public int KeeperProcessId => _keeper.Id;

    /// <summary>Called with each piece of the console, after it was appended to the log.</summary>
    public Action? ConsoleRead { get; set; }

    /// <summary>What QEMU said on its standard error, but for its usual warnings.</summary>
    public string Errors => _errors.Text;

    /// <summary>Starts QEMU, stopped if it is to load a snapshot.</summary>
    /// <param name="program">QEMU's program.</param>
    /// <param name="directory">The folder that the arguments' paths are relative to.</param>
    /// <param name="arguments">The machine.</param>
    /// <param name="log">Receives the console.</param>
    /// <param name="cancellationToken">Ends the wait for QEMU to connect.</param>
    public static async Task<Qemu> StartAsync(string program, string directory, IEnumerable<string> arguments, GuestConsole log, CancellationToken cancellationToken)
    {
        string name = "xenolith-bed-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        using Socket console = Listen($"{name}-console");
        using Socket agent = Listen($"{name}-agent");
        using Socket monitor = Listen($"{name}-monitor");
        string[] connections =
        [
            "-chardev", $"socket,id=console,path={name}-console,abstract=on", "-serial", "chardev:console",
            "-chardev", $"socket,id=agent,path={name}-agent,abstract=on", "-device", $"virtserialport,chardev=agent,nr=1,name={Protocol.Wire.PortName}",
            "-chardev", $"socket,id=monitor,path={name}-monitor,abstract=on", "-mon", "chardev=monitor,mode=control",
        ];

        // A session of its own keeps the terminal's Ctrl-C away from it.
        ProcessStartInfo start = new("setsid", ["sh", "-c", Keeper, "sh", program, .. arguments, .. connections])
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardError = true,
        };
        Process keeper = Process.Start(start)!;
        ErrorOutput errors = new(keeper.StandardError);
        try
        {
            // QEMU connects before it does anything else, or says why not and ends.
            using CancellationTokenSource abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task<Socket[]> accepting = Task.WhenAll(
                AcceptAsync(console, abandoned.Token), AcceptAsync(agent, abandoned.Token), AcceptAsync(monitor, abandoned.Token));
            if (await Task.WhenAny(accepting, errors.Ended).ConfigureAwait(false) != accepting)
                await abandoned.CancelAsync().ConfigureAwait(false);
            Socket[] accepted = await accepting.ConfigureAwait(false);
            return new(keeper, new(accepted[0], true), new(accepted[1], true), new(accepted[2], true), log, errors);
        }
        catch (OperationCanceledException exception)
        {
            await StopAsync(keeper).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw new BedException($"QEMU did not start:\n{errors.Text}", exception);
        }
    }

    /// <summary>Waits until QEMU, told to quit, has ended.</summary>
    public async Task WaitForExitAsync(CancellationToken cancellationToken) => await Monitor.Closed.WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Kills QEMU and waits until it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(_keeper).ConfigureAwait(false);
        await _consoleCopied.ConfigureAwait(false);
        await _console.DisposeAsync().ConfigureAwait(false);
        await Agent.DisposeAsync().ConfigureAwait(false);
        await _monitor.DisposeAsync().ConfigureAwait(false);
    }

    private static Socket Listen(string name)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint("\0" + name));
        socket.Listen(1);
        return socket;
    }

    /// <summary>Accepts a connection from a process of this user: abstract names are open to everybody, unlike files.</summary>
    private static async Task<Socket> AcceptAsync(Socket listener, CancellationToken cancellationToken)
    {
        const int SocketLevel = 1; // SOL_SOCKET
        const int PeerCredentials = 17; // SO_PEERCRED: struct ucred, process, user and group.
        while (true)
        {
            Socket socket = await listener.AcceptAsync(cancellationToken).ConfigureAwait(false);
            byte[] credentials = new byte[12];
            socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
            if (BitConverter.ToUInt32(credentials, 4) == EffectiveUser())
                return socket;
            socket.Dispose();
        }
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    private static async Task StopAsync(Process keeper)
    {
        try
        {
            keeper.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already.
        }

        await keeper.WaitForExitAsync().ConfigureAwait(false);
        keeper.Dispose();
    }

    private async Task CopyConsoleAsync(GuestConsole log)
    {
        byte[] buffer = new byte[16 * 1024];
        try
        {
            int count;
            while ((count = await _console.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            {
                log.Append(buffer.AsSpan(0, count));
                ConsoleRead?.Invoke();
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // QEMU was killed.
        }

        log.Complete();
    }

    /// <summary>Collects QEMU's standard error. Its end is QEMU's end, since nobody else has that pipe open.</summary>
    private sealed class ErrorOutput
    {
        private readonly StringBuilder _text = new();

        public ErrorOutput(StreamReader reader) => Ended = ReadAsync(reader);

        public Task Ended { get; }

        public string Text
        {
            get
            {
                lock (_text)
                    return _text.ToString().TrimEnd();
            }
        }

        private async Task ReadAsync(StreamReader reader)
        {
            while (await reader.ReadLineAsync().ConfigureAwait(false) is string line)
            {
                // QEMU warns of each feature of the processor model that it does not emulate.
                if (line.Contains("doesn't support requested feature", StringComparison.Ordinal))
                    continue;
                lock (_text)
                    _text.AppendLine(line);
            }
        }
    }
}
