using System.Net;
using System.Net.Sockets;
using Xenolith.Bed.Protocol;

namespace Xenolith.Bed.Agent;

/// <summary>Answers the host's requests, any number at a time.</summary>
internal sealed class Server
{
    private readonly Multiplexer _multiplexer;
    private readonly XenstoreClient _store = new();
    private readonly Domains _domains;

    public Server(Port port, Exchange exchange, Inotify files)
    {
        _domains = new(_store, new Hypervisor(), files);
        _multiplexer = new(port, port, exchange, (channel, request) => _ = Task.Run(() => AnswerAsync(channel, request)));
    }

    /// <summary>Serves until the host goes away.</summary>
    public Task RunAsync() => _multiplexer.RunAsync();

    private async Task AnswerAsync(MultiplexedChannel channel, ReadOnlyMemory<byte> request)
    {
        MessageWriter result = new MessageWriter().Byte((byte)ResultStatus.Done);
        try
        {
            await PerformAsync(channel, request, result);
        }
        catch (Exception exception)
        {
            // Whatever it was, the host is told, and the agent serves on.
            result = new MessageWriter().Byte((byte)ResultStatus.Failed).String(exception.Message);
        }

        try
        {
            await channel.CloseAsync(result.Written);
        }
        catch (IOException)
        {
            // The host is gone; RunAsync ends for the same reason.
        }
    }

    private async Task PerformAsync(MultiplexedChannel channel, ReadOnlyMemory<byte> request, MessageWriter result)
    {
        switch ((Operation)request.Span[0])
        {
            case Operation.Hello:
                Greet(request, result);
                break;
            case Operation.Run:
                result.Int32(await Programs.RunAsync(channel, request));
                break;
            case Operation.WriteFile:
                result.Int64(await WriteFileAsync(channel, Path(request)));
                break;
            case Operation.ReadFile:
                result.Int64(await ReadFileAsync(channel, Path(request)));
                break;
            case Operation.CreateDomain:
                await _domains.CreateAsync(channel, request, result);
                break;
            case Operation.AttachDomain:
                await _domains.AttachAsync(channel, Path(request), result);
                break;
            case Operation.PauseDomain:
                result.Int64(_domains.Pause(request));
                break;
            case Operation.ConsoleInput:
                await _domains.TypeAsync(request);
                break;
            case Operation.StoreRead:
                byte[]? value = await _store.ReadBytesAsync(Path(request));
                result.Boolean(value is not null).Bytes(value);
                break;
            case Operation.StoreWrite:
                await WriteStoreAsync(request);
                break;
            case Operation.StoreRemove:
                await _store.RemoveAsync(Path(request));
                break;
            case Operation.StoreList:
                string[]? names = await _store.ListAsync(Path(request));
                result.Boolean(names is not null).Strings(names ?? []);
                break;
            case Operation.StoreWatch:
                await WatchStoreAsync(channel, Path(request));
                break;
            case Operation.Connect:
                await ConnectAsync(channel, request);
                break;
            case Operation.Debug:
                await DebugAsync(channel, request);
                break;
            default:
                throw new InvalidDataException($"The agent does not know operation {request.Span[0]}.");
        }
    }

    /// <summary>The path or name that is a request's only or first field.</summary>
    private static string Path(ReadOnlyMemory<byte> request) => new MessageReader(request.Span[1..]).String();

    private static void Greet(ReadOnlyMemory<byte> request, MessageWriter result)
    {
        MessageReader fields = new(request.Span[1..]);
        fields.Int32();
        long now = fields.Int64();
        if (now != 0)
            Native.Check(Native.SetClock(0, new Native.TimeSpec { Seconds = now / 1_000_000_000, Nanoseconds = now % 1_000_000_000 }), "setting the clock");
        result.Int32(Wire.Version);
    }

    private static async Task<long> WriteFileAsync(MultiplexedChannel channel, string path)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path) ?? "/");
        await using FileStream file = new(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
        });
        while (await channel.ReadAsync(StreamNumber.Input, channel.Cancelled) is { IsEmpty: false } bytes)
            file.Write(bytes.Span);
        return file.Length;
    }

    private static async Task<long> ReadFileAsync(MultiplexedChannel channel, string path)
    {
        await using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        byte[] buffer = new byte[Wire.MaxPayload];
        long total = 0;
        int count;
        while ((count = file.Read(buffer)) > 0)
        {
            await channel.WriteAsync(StreamNumber.Output, buffer.AsMemory(0, count), channel.Cancelled);
            total += count;
        }

        return total;
    }

    private Task WriteStoreAsync(ReadOnlyMemory<byte> request)
    {
        MessageReader fields = new(request.Span[1..]);
        string path = fields.String();
        return _store.WriteAsync(path, fields.Bytes());
    }

    private async Task WatchStoreAsync(MultiplexedChannel channel, string path)
    {
        await using XenstoreClient.StoreWatch watch = await _store.WatchAsync(path);
        while (true)
        {
            Task next = watch.Signal.Next;
            byte[]? value = await _store.ReadBytesAsync(path);
            MessageWriter message = new MessageWriter().Boolean(value is not null).Bytes(value);
            await channel.WriteAsync(StreamNumber.Output, message.Written, channel.Cancelled);
            await next.WaitAsync(channel.Cancelled);
        }
    }

    private static async Task ConnectAsync(MultiplexedChannel channel, ReadOnlyMemory<byte> request)
    {
        (IPAddress address, int port) = Address(request);
        using Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address, port, channel.Cancelled);
        await channel.WriteAsync(StreamNumber.Error, new byte[1], channel.Cancelled);
        await Task.WhenAll(SendAsync(), ReceiveAsync());

        async Task SendAsync()
        {
            while (await channel.ReadAsync(StreamNumber.Input, channel.Cancelled) is { IsEmpty: false } bytes)
            {
                for (int sent = 0; sent < bytes.Length;)
                    sent += await socket.SendAsync(bytes[sent..], channel.Cancelled);
            }

            socket.Shutdown(SocketShutdown.Send);
        }

        async Task ReceiveAsync()
        {
            byte[] buffer = new byte[64 * 1024];
            int count;
            while ((count = await socket.ReceiveAsync(buffer, channel.Cancelled)) > 0)
                await channel.WriteAsync(StreamNumber.Output, buffer.AsMemory(0, count), channel.Cancelled);
            await channel.EndAsync(StreamNumber.Output, channel.Cancelled);
        }
    }

    private async Task DebugAsync(MultiplexedChannel channel, ReadOnlyMemory<byte> request)
    {
        (int number, ulong trapStubs) = Target(request);
        await using XenstoreClient.StoreWatch releases = await _store.WatchAsync("@releaseDomain");
        using DebuggedDomain domain = new(number, trapStubs);
        await channel.WriteAsync(StreamNumber.Error, new byte[1], channel.Cancelled);
        await new GdbServer(domain, channel, () => releases.Signal.Next).RunAsync();
        await channel.EndAsync(StreamNumber.Output, channel.Cancelled);

        static (int Domain, ulong TrapStubs) Target(ReadOnlyMemory<byte> request)
        {
            MessageReader fields = new(request.Span[1..]);
            return (fields.Int32(), (ulong)fields.Int64());
        }
    }

    private static (IPAddress Address, int Port) Address(ReadOnlyMemory<byte> request)
    {
        MessageReader fields = new(request.Span[1..]);
        return (IPAddress.Parse(fields.String()), fields.Int32());
    }
}
