using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Xenolith.Bed.Protocol;

namespace Xenolith.Bed.Agent;

/// <summary>Creates domUs through xl, follows their consoles and tells how they ended.</summary>
internal sealed class Domains(XenstoreClient store, Hypervisor hypervisor, Inotify files)
{
    private const string LogDirectory = "/var/log/xen/console";

    /// <summary>Where a name's next domain begins in the name's log, which xenconsoled appends to.</summary>
    private readonly ConcurrentDictionary<string, long> _logStarts = new();

    /// <summary>Serves Operation.CreateDomain: the domain is created paused, watched, and only then started.</summary>
    public async Task CreateAsync(MultiplexedChannel channel, ReadOnlyMemory<byte> request, MessageWriter result)
    {
        (string name, string path, bool hold, bool paused) = Parse(request);
        if (await FindAsync(name) is not null)
            throw new InvalidOperationException($"There is a domain named '{name}' already.");
        File.Delete(LogPath(name));
        _logStarts[name] = 0;

        ProcessStartInfo start = new("xl", ["create", "-p", "-q", path])
        {
            WorkingDirectory = Path.GetDirectoryName(path),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (hold)
            start.ArgumentList.Insert(1, "-e"); // xl leaves the domain alone at its end.
        using Process xl = Process.Start(start) ?? throw new IOException("xl did not start.");
        xl.StandardInput.Close();
        await using (channel.Cancelled.Register(() => Native.Kill(xl.Id, Native.SIGKILL)))
        {
            Task<string> output = xl.StandardOutput.ReadToEndAsync();
            string error = await xl.StandardError.ReadToEndAsync() + await output;
            await xl.WaitForExitAsync();
            if (xl.ExitCode != 0)
                throw new InvalidOperationException($"xl create ended with code {xl.ExitCode}:\n{error.TrimEnd()}");
        }

        await WatchAsync(channel, name, paused ? null : hypervisor.Unpause, result);

        static (string Name, string Path, bool Hold, bool Paused) Parse(ReadOnlyMemory<byte> request)
        {
            MessageReader fields = new(request.Span[1..]);
            return (fields.String(), fields.String(), fields.Boolean(), fields.Boolean());
        }
    }

    /// <summary>Serves Operation.AttachDomain.</summary>
    public Task AttachAsync(MultiplexedChannel channel, string name, MessageWriter result) => WatchAsync(channel, name, null, result);

    /// <summary>Serves Operation.PauseDomain, and returns the clock's time just before.</summary>
    public long Pause(ReadOnlyMemory<byte> request)
    {
        MessageReader fields = new(request.Span[1..]);
        int domain = fields.Int32();
        bool pause = fields.Boolean();
        long now = Stopwatch.GetTimestamp(); // nanoseconds, on Linux
        if (pause)
            hypervisor.Pause(domain);
        else
            hypervisor.Unpause(domain);
        return now;
    }

    /// <summary>Serves Operation.ConsoleInput: writes to the terminal that xenconsoled made for the domain.</summary>
    public async Task TypeAsync(ReadOnlyMemory<byte> request)
    {
        (int domain, byte[] bytes) = Parse(request);
        string path = await WaitForTerminalAsync(domain);
        int descriptor = Native.Check(Native.Open(path, Native.O_RDWR | Native.O_NOCTTY | Native.O_CLOEXEC), path);
        using FileStream terminal = new(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Write, bufferSize: 0);
        terminal.Write(bytes);

        static (int Domain, byte[] Bytes) Parse(ReadOnlyMemory<byte> request)
        {
            MessageReader fields = new(request.Span[1..]);
            return (fields.Int32(), fields.Bytes().ToArray());
        }
    }

    private static string LogPath(string name) => $"{LogDirectory}/guest-{name}.log";

    private async Task<string> WaitForTerminalAsync(int domain)
    {
        string key = $"/local/domain/{domain}/console/tty";
        await using XenstoreClient.StoreWatch watch = await store.WatchAsync(key);
        while (true)
        {
            Task next = watch.Signal.Next;
            if (await store.ReadAsync(key) is { Length: > 0 } path)
                return path;
            if (hypervisor.StopReason(domain) is not null)
                throw new InvalidOperationException($"Domain {domain} has ended.");
            await next;
        }
    }

    private async Task<int?> FindAsync(string name)
    {
        foreach (string id in await store.ListAsync("/local/domain") ?? [])
        {
            if (id != "0" && await store.ReadAsync($"/local/domain/{id}/name") == name)
                return int.Parse(id, CultureInfo.InvariantCulture);
        }

        return null;
    }

    private async Task WatchAsync(MultiplexedChannel channel, string name, Action<int>? begin, MessageWriter result)
    {
        int domain = await FindAsync(name) ?? throw new InvalidOperationException($"There is no domain named '{name}'.");
        string ring = await store.ReadAsync($"/local/domain/{domain}/console/ring-ref") ?? throw new InvalidOperationException($"Domain {domain} has no console.");
        using Hypervisor.ConsoleRing console = hypervisor.MapConsoleRing(domain, ulong.Parse(ring, CultureInfo.InvariantCulture));
        await using ConsoleLog log = new(files, LogPath(name), _logStarts.GetValueOrDefault(name));
        await channel.WriteAsync(StreamNumber.Error, BitConverter.GetBytes(domain), channel.Cancelled);
        Task copying = log.CopyAsync(channel);

        int reason;
        string exitCode;
        await using (XenstoreClient.StoreWatch watch = await store.WatchAsync("@releaseDomain"))
        {
            begin?.Invoke(domain);
            while (true)
            {
                Task next = watch.Signal.Next;
                exitCode = await store.ReadAsync($"/local/domain/{domain}/data/exit-code") ?? "";
                if (hypervisor.StopReason(domain) is int stopped)
                {
                    reason = stopped;
                    break;
                }

                await next.WaitAsync(channel.Cancelled);
            }
        }

        if (await store.ReadAsync($"/local/domain/{domain}/data/exit-code") is string final)
            exitCode = final;
        log.Finish(console.Written, reason == Hypervisor.Destroyed);
        await copying;
        _logStarts[name] = log.Position;
        result.Int32(reason).String(exitCode);
    }
}
