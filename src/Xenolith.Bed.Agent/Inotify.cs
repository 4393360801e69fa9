using System.Buffers.Binary;

namespace Xenolith.Bed.Agent;

/// <summary>inotify(7) as events that can be awaited: one descriptor and one thread for the whole process.</summary>
internal sealed unsafe class Inotify
{
    private const int EventHeaderSize = 16;
    private readonly int _descriptor;
    private readonly Lock _lock = new();
    private readonly Dictionary<int, List<FileWatch>> _watches = [];

    public Inotify()
    {
        _descriptor = Native.Check(Native.InotifyInit(Native.IN_CLOEXEC), "inotify");
        new Thread(ReadEvents) { IsBackground = true, Name = "inotify" }.Start();
    }

    /// <summary>Watches a file or folder, which must exist, until the result is disposed.</summary>
    public FileWatch Watch(string path, int mask)
    {
        lock (_lock)
        {
            int number = Native.Check(Native.InotifyAddWatch(_descriptor, path, mask), $"inotify watch of {path}");
            FileWatch watch = new(this, number);
            if (!_watches.TryGetValue(number, out List<FileWatch>? watches))
                _watches[number] = watches = [];
            watches.Add(watch);
            return watch;
        }
    }

    private void Remove(FileWatch watch)
    {
        lock (_lock)
        {
            if (!_watches.TryGetValue(watch.Number, out List<FileWatch>? watches) || !watches.Remove(watch) || watches.Count > 0)
                return;
            _watches.Remove(watch.Number);
            Native.InotifyRemoveWatch(_descriptor, watch.Number);
        }
    }

    private void ReadEvents()
    {
        byte* buffer = stackalloc byte[16384];
        nint length;
        while ((length = Native.Read(_descriptor, buffer, 16384)) > 0)
        {
            // struct inotify_event: watch number, mask, cookie, length of the name that follows.
            ReadOnlySpan<byte> events = new(buffer, (int)length);
            while (events.Length >= EventHeaderSize)
            {
                int number = BinaryPrimitives.ReadInt32LittleEndian(events);
                int mask = BinaryPrimitives.ReadInt32LittleEndian(events[4..]);
                lock (_lock)
                {
                    if (_watches.TryGetValue(number, out List<FileWatch>? watches))
                        watches.ForEach(watch => watch.Report(mask));
                }

                events = events[(EventHeaderSize + BinaryPrimitives.ReadInt32LittleEndian(events[12..]))..];
            }
        }
    }

    /// <summary>A watched file or folder.</summary>
    public sealed class FileWatch(Inotify owner, int number) : IDisposable
    {
        private readonly Signal _signal = new();
        private volatile int _seen;

        public int Number { get; } = number;

        /// <summary>All kinds of change since the watch began.</summary>
        public int Seen => _seen;

        /// <summary>Completes at the next change after this call. Take it first, then look at the file: so no change is missed.</summary>
        public Task NextChange => _signal.Next;

        public void Dispose() => owner.Remove(this);

        internal void Report(int mask)
        {
            _seen |= mask;
            _signal.Set();
        }
    }
}

/// <summary>An event for any number of waiters: <see cref="Next"/> completes at the first <see cref="Set"/> after it was read.</summary>
internal sealed class Signal
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Next => Volatile.Read(ref _next).Task;

    public void Set() => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
