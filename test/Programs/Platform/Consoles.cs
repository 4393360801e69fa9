using System.Buffers.Binary;
using System.Text;
using Xenolith;
using Xenolith.Consoles;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Rings;
using Xenolith.Xenbus;

namespace PlatformScenarios;

/// <summary>Further consoles: one domain serves them, another has them.</summary>
internal static class Consoles
{
    /// <summary>Serves the first console that there is: gives back what it reads. As often as the first argument says.</summary>
    internal static async Task<int> EchoAsync(string[] args)
    {
        XenPlatform platform = XenPlatform.Current;
        (ushort frontend, int id) = await WaitForConsoleAsync(platform);
        byte[] buffer = new byte[1000];
        for (int connection = int.Parse(args[0]); connection > 0; connection--)
        {
            await using XenConsoleBackend console = await XenConsoleBackend.ServeAsync(platform, frontend, id);
            long bytes = 0;
            while (await console.ReadAsync(buffer) is int count and > 0)
            {
                await console.WriteAsync(buffer.AsMemory(0, count));
                bytes += count;
            }
            Console.WriteLine($"{console.Name}: {bytes} bytes");
        }
        return await DoneAsync(platform);
    }

    /// <summary>Opens the named console twice: bytes the first time, lines the second.</summary>
    internal static async Task<int> TalkAsync(string[] args)
    {
        XenPlatform platform = XenPlatform.Current;
        foreach (XenConsoleInfo info in await XenConsole.ListAsync(platform))
            Console.WriteLine($"console {info.Id} {info.Name} served by {info.BackendDomain}");
        byte[] sent = new byte[100_000];
        new Random(1).NextBytes(sent);
        await using (XenConsole console = await XenConsole.OpenAsync(platform, args[0]))
        {
            Task writing = console.WriteAsync(sent).AsTask();
            byte[] received = new byte[sent.Length];
            await console.ReadExactlyAsync(received);
            await writing;
            Console.WriteLine(sent.AsSpan().SequenceEqual(received) ? $"{sent.Length} bytes came back" : "other bytes came back");
        }
        await using (XenConsole console = await XenConsole.OpenAsync(platform, 1))
        {
            using StreamWriter writer = new(console, leaveOpen: true) { AutoFlush = true };
            using StreamReader reader = new(console, leaveOpen: true);
            for (int i = 0; i < 3; i++)
            {
                await writer.WriteLineAsync($"line {i}");
                Console.WriteLine(await reader.ReadLineAsync());
            }
        }
        return await DoneAsync(platform);
    }

    /// <summary>Serves the first console that there is, and breaks its ring.</summary>
    internal static async Task<int> BreakAsync(string[] args)
    {
        XenPlatform platform = XenPlatform.Current;
        (ushort frontend, int id) = await WaitForConsoleAsync(platform);
        XenbusDevice device = (await XenbusDevice.FindBackendAsync(platform.Xenstore, "console", frontend, id))!;
        await device.WriteAsync(XenbusState.InitWait, default);
        for (XenbusState state = XenbusState.Unknown; state != XenbusState.Initialised;)
            state = await device.WaitForOtherThanAsync(state, default);
        ForeignGrant grant = new(frontend, await device.ReadOtherNumberAsync("ring-ref"));
        using ForeignMapping page = platform.Grants.Map(grant, GrantAccess.ReadWrite);
        using EventChannel channel = platform.EventChannels.BindInterdomain(frontend, await device.ReadOtherNumberAsync("port"));
        await device.WriteAsync(XenbusState.Connected, default);
        await channel.WaitAsync(channel.Count); // the front end writes
        BinaryPrimitives.WriteUInt32LittleEndian(page.GetSpan()[ConsoleRing.Input.Producer..], 0x8000_0000);
        channel.Notify();
        for (XenbusState state = XenbusState.Unknown; state != XenbusState.Closing;)
            state = await device.WaitForOtherThanAsync(state, default);
        Console.WriteLine("the front end closes");
        page.Unmap();
        await device.WriteAsync(XenbusState.Closing, default);
        return 0;
    }

    /// <summary>Opens the named console and tells how it ends.</summary>
    internal static async Task<int> ReadToEndAsync(string[] args)
    {
        XenPlatform platform = XenPlatform.Current;
        await using (XenConsole console = await XenConsole.OpenAsync(platform, args[0]))
        {
            await console.WriteAsync(Encoding.ASCII.GetBytes("hello\n"));
            Console.WriteLine("opened");
            try
            {
                byte[] buffer = new byte[100];
                int bytes = 0;
                while (await console.ReadAsync(buffer) is int count and > 0)
                    bytes += count;
                Console.WriteLine($"the end after {bytes} bytes");
            }
            catch (RingProtocolException error)
            {
                Console.WriteLine(error.Message);
            }
        }
        return await DoneAsync(platform);
    }

    private static async Task<(ushort Frontend, int Id)> WaitForConsoleAsync(XenPlatform platform)
    {
        Console.WriteLine("ready");
        IReadOnlyList<XenConsoleBackendInfo> consoles = [];
        await platform.Xenstore.WaitAsync(async reader =>
        {
            await reader.ListAsync("backend/console"); // watches everything below
            consoles = await XenConsoleBackend.ListAsync(platform);
            return consoles.Count > 0;
        });
        return (consoles[0].FrontendDomain, consoles[0].Id);
    }

    private static async Task<int> DoneAsync(XenPlatform platform)
    {
        GrantStatistics statistics = platform.Grants.GetStatistics();
        // A domain that dies lets go of the page some time after its nodes are gone, and Xen tells nobody of that.
        for (int i = 0; i < 100 && statistics.Reclaiming > 0; i++)
        {
            await Task.Delay(100);
            statistics = platform.Grants.GetStatistics();
        }
        Console.WriteLine($"{statistics.Granted + statistics.Reserved + statistics.Reclaiming} grants, {statistics.MappedPages} mapped pages left");
        return 0;
    }
}
