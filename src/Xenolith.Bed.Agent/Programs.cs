using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Xenolith.Bed.Protocol;

namespace Xenolith.Bed.Agent;

/// <summary>Runs programs for the host, each in a session of its own so that all of it can be killed, with pipes or on a terminal.</summary>
internal static class Programs
{
    private const nuint TerminalUnlock = 0x40045431; // TIOCSPTLCK
    private const nuint TerminalNumber = 0x80045430; // TIOCGPTN
    private const nuint TerminalSetSize = 0x5414; // TIOCSWINSZ

    /// <summary>Control-D twice: the first ends a line that was begun, the second the input.</summary>
    private static ReadOnlySpan<byte> EndOfInput => [4, 4];

    /// <summary>Serves Operation.Run.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(MultiplexedChannel channel, ReadOnlyMemory<byte> request)
    {
        (ProcessStartInfo start, FileStream? terminal) = Prepare(request);
        await using (terminal)
        {
            using Process process = Process.Start(start) ?? throw new IOException($"{start.FileName} did not start.");
            await using CancellationTokenRegistration registration = channel.Cancelled.Register(() =>
            {
                Native.Kill(-process.Id, Native.SIGKILL);
                Native.Kill(process.Id, Native.SIGKILL);
            });
            if (terminal is not null)
                await ServeTerminalAsync(channel, process, terminal);
            else
                await ServePipesAsync(channel, process);
            return process.ExitCode;
        }
    }

    private static (ProcessStartInfo Start, FileStream? Terminal) Prepare(ReadOnlyMemory<byte> request)
    {
        MessageReader fields = new(request.Span[1..]);
        string program = fields.String();
        string[] arguments = fields.Strings();
        string[] environment = fields.Strings();
        string directory = fields.String();
        bool onTerminal = fields.Boolean();
        int columns = fields.Int32();
        int rows = fields.Int32();

        // busybox's setsid replaces itself by the program, which so keeps this process number and leads a session.
        ProcessStartInfo start = new("/bin/busybox") { WorkingDirectory = directory };
        FileStream? terminal = null;
        if (onTerminal)
        {
            (terminal, string path) = OpenTerminal(columns, rows);
            foreach (string argument in new[] { "sh", "-c", """exec <>"$0" >&0 2>&1; exec setsid -c "$@" """, path })
                start.ArgumentList.Add(argument);
        }
        else
        {
            start.ArgumentList.Add("setsid");
            start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        }

        if (!IsProgram(program, directory))
            throw new FileNotFoundException($"There is no program '{program}' in dom0.");
        start.ArgumentList.Add(program);
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (string variable in environment)
        {
            int equals = variable.IndexOf('=', StringComparison.Ordinal);
            start.Environment[variable[..equals]] = variable[(equals + 1)..];
        }

        return (start, terminal);
    }

    private static bool IsProgram(string program, string directory) =>
        program.Contains('/', StringComparison.Ordinal)
            ? File.Exists(Path.Combine(directory, program))
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    private static async Task ServePipesAsync(MultiplexedChannel channel, Process process)
    {
        Task input = FeedAsync(channel, process.StandardInput.BaseStream);
        await Task.WhenAll(
            Task.Run(() => DrainAsync(channel, StreamNumber.Output, process.StandardOutput.BaseStream)),
            Task.Run(() => DrainAsync(channel, StreamNumber.Error, process.StandardError.BaseStream)));
        await process.WaitForExitAsync();
        _ = input; // A program need not read its input to the end.
    }

    private static async Task ServeTerminalAsync(MultiplexedChannel channel, Process process, FileStream terminal)
    {
        _ = FeedTerminalAsync(channel, terminal);
        try
        {
            await Task.Run(() => DrainAsync(channel, StreamNumber.Output, terminal));
        }
        catch (IOException)
        {
            // EIO: the last program on the terminal has ended.
        }

        await process.WaitForExitAsync();
    }

    private static async Task FeedTerminalAsync(MultiplexedChannel channel, FileStream terminal)
    {
        try
        {
            while (await channel.ReadAsync(StreamNumber.Input, channel.Cancelled) is { IsEmpty: false } bytes)
                terminal.Write(bytes.Span);
            terminal.Write(EndOfInput);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The program ended first.
        }
    }

    private static async Task FeedAsync(MultiplexedChannel channel, Stream input)
    {
        try
        {
            await using (input)
            {
                while (await channel.ReadAsync(StreamNumber.Input, channel.Cancelled) is { IsEmpty: false } bytes)
                    await input.WriteAsync(bytes);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The program closed its input or ended, or the host lost interest.
        }
    }

    /// <summary>Sends a program's output. Blocks its thread while there is none: see <see cref="Port"/>.</summary>
    private static async Task DrainAsync(MultiplexedChannel channel, byte stream, Stream source)
    {
        byte[] buffer = new byte[64 * 1024];
        int count;
        while ((count = source.Read(buffer)) > 0)
            await channel.WriteAsync(stream, buffer.AsMemory(0, count), channel.Cancelled);
    }

    private static unsafe (FileStream Terminal, string Path) OpenTerminal(int columns, int rows)
    {
        int descriptor = Native.Check(Native.Open("/dev/ptmx", Native.O_RDWR | Native.O_NOCTTY | Native.O_CLOEXEC), "/dev/ptmx");
        int value = 0;
        Native.Check(Native.Ioctl(descriptor, TerminalUnlock, (nint)(&value)), "unlocking a terminal");
        Native.Check(Native.Ioctl(descriptor, TerminalNumber, (nint)(&value)), "a terminal's number");
        ushort* size = stackalloc ushort[4] { (ushort)rows, (ushort)columns, 0, 0 };
        Native.Check(Native.Ioctl(descriptor, TerminalSetSize, (nint)size), "a terminal's size");
        return (new FileStream(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.ReadWrite, bufferSize: 0), $"/dev/pts/{value}");
    }
}
