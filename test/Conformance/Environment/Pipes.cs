// Pipes of the system within one process, and System.IO.Pipelines' simpler kin.
using System.IO.Pipes;

namespace Conformance;

internal static class Pipes
{
    internal static async Task AnonymousAsync()
    {
        await using AnonymousPipeServerStream server = new(PipeDirection.Out);
        await using AnonymousPipeClientStream client = new(PipeDirection.In, server.ClientSafePipeHandle);
        Console.WriteLine($"connected {server.IsConnected} {client.IsConnected}, reads {client.CanRead} writes {server.CanWrite} seeks {server.CanSeek}");
        // Far more than a pipe holds: the writer waits for the reader.
        const int total = 1_000_000;
        Task writer = Task.Run(() =>
        {
            byte[] block = new byte[10_000];
            for (int sent = 0; sent < total; sent += block.Length)
            {
                for (int i = 0; i < block.Length; i++)
                    block[i] = (byte)((sent + i) * 7 >> 3);
                server.Write(block);
            }
            server.Dispose();
        });
        byte[] buffer = new byte[3000];
        int received = 0, wrong = 0, count;
        while ((count = client.Read(buffer)) > 0)
        {
            for (int i = 0; i < count; i++)
                wrong += buffer[i] != (byte)((received + i) * 7 >> 3) ? 1 : 0;
            received += count;
        }
        await writer;
        Console.WriteLine($"{received} bytes, {wrong} wrong, then the end");
    }

    internal static async Task LinesAsync()
    {
        await using AnonymousPipeServerStream server = new(PipeDirection.In);
        AnonymousPipeClientStream client = new(PipeDirection.Out, server.ClientSafePipeHandle);
        Task writer = Task.Run(async () =>
        {
            await using StreamWriter lines = new(client);
            for (int i = 0; i < 100; i++)
            {
                await lines.WriteLineAsync($"line {i}");
                if (i % 10 == 0)
                    await lines.FlushAsync();
            }
        });
        using StreamReader reader = new(server);
        int count = 0;
        while (await reader.ReadLineAsync() is { } line)
            count += line == $"line {count}" ? 1 : 0;
        await writer;
        Console.WriteLine($"{count} lines");

        AnonymousPipeServerStream broken = new(PipeDirection.Out);
        broken.ClientSafePipeHandle.Dispose();
        try
        {
            broken.Write("nobody reads"u8);
            broken.Flush();
            Console.WriteLine("written");
        }
        catch (IOException e)
        {
            Console.WriteLine($"without a reader: {e.GetType().Name}");
        }
        broken.Dispose();
    }
}
