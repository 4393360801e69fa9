using System.Buffers.Binary;
using System.Diagnostics;
using Xenolith.Bed.Protocol;

namespace Xenolith.Bed.Agent;

/// <summary>
/// Follows the file in which xenconsoled logs a domain's console. The console ring counts the bytes that the guest wrote, so at the end it is
/// known how many bytes the file must come to have: none is lost, and nothing waits longer than needed.
/// </summary>
internal sealed class ConsoleLog : IAsyncDisposable
{
    /// <summary>
    /// How long xenconsoled may stand still before the rest is given up: it never gets to see the last bytes of a domain that is gone, and never
    /// takes those of one that broke its ring's counters.
    /// </summary>
    private static readonly TimeSpan PatienceWhenGone = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromSeconds(15);

    private readonly Inotify.FileWatch _watch;
    private readonly FileStream _file;
    private readonly long _start;
    private readonly TaskCompletionSource<uint> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _gone;

    public ConsoleLog(Inotify files, string path, long start)
    {
        // xenconsoled appends to what is there.
        _file = new(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        _start = start;
        _file.Position = start;
        _watch = files.Watch(path, Native.IN_MODIFY | Native.IN_CLOSE_WRITE);
    }

    /// <summary>How far it has been copied.</summary>
    public long Position => _file.Position;

    /// <summary>Tells how many bytes the domain wrote in all (modulo 2^32), now that it has stopped, and whether it is gone altogether.</summary>
    public void Finish(uint written, bool gone)
    {
        _gone = gone;
        _end.SetResult(written);
    }

    /// <summary>
    /// Copies the log to the channel's output as it grows, and to its errors when which part came, until <see cref="Finish"/> was called and all of
    /// it is there.
    /// </summary>
    public async Task CopyAsync(MultiplexedChannel channel)
    {
        byte[] buffer = new byte[64 * 1024];
        byte[] arrival = new byte[2 * sizeof(long)];
        while (true)
        {
            Task change = _watch.NextChange;
            bool closed = (_watch.Seen & Native.IN_CLOSE_WRITE) != 0;
            int count;
            while ((count = _file.Read(buffer)) > 0)
            {
                BinaryPrimitives.WriteInt64LittleEndian(arrival, _file.Position - _start);
                BinaryPrimitives.WriteInt64LittleEndian(arrival.AsSpan(sizeof(long)), Stopwatch.GetTimestamp());
                await channel.WriteAsync(StreamNumber.Error, arrival, channel.Cancelled);
                await channel.WriteAsync(StreamNumber.Output, buffer.AsMemory(0, count), channel.Cancelled);
            }

            if (!_end.Task.IsCompleted)
            {
                await Task.WhenAny(change, _end.Task).WaitAsync(channel.Cancelled);
                continue;
            }

            if ((uint)(_file.Position - _start) == await _end.Task || (closed && _gone))
                return;
            if (await Task.WhenAny(change, Task.Delay(_gone ? PatienceWhenGone : Patience, channel.Cancelled)) != change)
                return;
        }
    }

    public ValueTask DisposeAsync()
    {
        _watch.Dispose();
        return _file.DisposeAsync();
    }
}
