using System.Diagnostics;
using System.Globalization;
using Xenolith;
using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Tracing;

namespace PlatformScenarios;

/// <summary>Traces of the domain, taken in the program itself.</summary>
internal static class Tracing
{
    private static ushort Self => (ushort?)XenHost.TryGet()?.DomainId ?? DomainId.Self;

    /// <summary>
    /// Does a little of everything under a trace, and prints the trace: a record a line, kind, detail, value, name, and the time since the first.
    /// </summary>
    internal static async Task<int> ShowAsync(string[] args)
    {
        XenPlatform platform = XenPlatform.Current;
        DomainTracing tracing = platform.Tracing;
        _ = await platform.Xenstore.ReadAsync("domid"); // connected before
        using EventChannel here = platform.EventChannels.AllocateUnbound(Self);
        using EventChannel there = platform.EventChannels.BindInterdomain(Self, here.Port);
        EventCount seen = here.Count;
        using ActivitySource source = new("Scenario");
        using ActivityTracer activities = new(tracing, "Scenario");
        TraceName step = tracing.GetName("step"), level = tracing.GetName("level of the überlong name");
        using TraceSession session = tracing.Start(new TraceSessionOptions { RecordCount = 16384, Categories = TraceCategories.All });

        step.Begin(1);
        GC.Collect(0);
        GC.Collect();
        step.End(1);

        step.Begin(2);
        await Task.Delay(400); // long enough for threads that spin before they wait
        step.End(2);

        step.Begin(3);
        _ = await platform.Xenstore.ReadAsync("domid");
        step.End(3);

        step.Begin(4);
        there.Notify();
        await here.WaitAsync(seen);
        step.End(4);

        step.Begin(5);
        await using (SharedPages pages = await platform.Grants.ShareAsync(Self, 1, GrantAccess.ReadWrite))
        {
            using ForeignMapping mapping = platform.Grants.Map(new ForeignGrant(Self, pages.References[0]), GrantAccess.ReadOnly);
        }
        step.End(5);

        using (source.StartActivity("work"))
            level.Counter(-7);
        int worker = 0;
        Thread thread = new(() =>
        {
            worker = Native.GetThreadId();
            level.Instant(8);
        })
        { Name = "Worker" };
        thread.Start();
        thread.Join();
        while (Directory.Exists($"/proc/self/task/{worker}")) // it is at its end when it is joined, and not past it
            Thread.Yield();

        session.Stop();
        step.Instant(9); // too late
        Console.WriteLine($"recorded {session.RecordCount} {session.Lost}");
        Print(session);
        Console.WriteLine($"lost {session.Lost}");
        return 0;
    }

    /// <summary>A reader that waits keeps up with a writer that fills the ring many times over.</summary>
    internal static async Task<int> FollowAsync(string[] args)
    {
        DomainTracing tracing = XenPlatform.Current.Tracing;
        TraceName number = tracing.GetName("number");
        using TraceSession session = tracing.Start(new TraceSessionOptions { RecordCount = 8192, Categories = TraceCategories.User });
        const int count = 100_000, burst = 3000;
        Task writer = Task.Run(async () =>
        {
            for (int i = 0; i < count; i++)
            {
                number.Counter(i);
                if (i % burst == burst - 1)
                    await Task.Delay(1);
            }
            session.Stop();
        });
        long expected = 0, waits = 0, wrong = 0;
        TraceRecord[] records = new TraceRecord[1000];
        for (bool isRecording = true; isRecording;)
        {
            isRecording = session.IsRecording;
            for (int read; (read = session.Read(records)) > 0;)
            {
                foreach (TraceRecord record in records.AsSpan(0, read))
                {
                    if (record.Kind == TraceKind.Lost)
                        expected += (long)record.Value;
                    else if (record.Kind == TraceKind.UserCounter && (long)record.Value != expected++)
                        wrong++;
                }
            }
            if (isRecording && await session.WaitAsync(Timeout.InfiniteTimeSpan))
                waits++;
        }
        await writer;
        Console.WriteLine($"read {expected - session.Lost} lost {session.Lost} wrong {wrong} waits {waits}");
        try
        {
            using TraceSession second = tracing.Start();
        }
        catch (InvalidOperationException error)
        {
            Console.WriteLine(error.Message);
        }
        session.Dispose();
        using TraceSession third = tracing.Start();
        Console.WriteLine($"again {third.RecordCount}");
        return 0;
    }

    /// <summary>
    /// What an operation costs without a trace and with one: nanoseconds each, which on a bed that counts instructions are instructions.
    /// </summary>
    internal static async Task<int> CostAsync(string[] args)
    {
        const int rounds = 2000;
        XenPlatform platform = XenPlatform.Current;
        TraceName name = platform.Tracing.GetName("name");
        using EventChannel here = platform.EventChannels.AllocateUnbound(Self);
        using EventChannel there = platform.EventChannels.BindInterdomain(Self, here.Port);
        here.Mask(); // so that only sending counts
        await using SharedPages pages = await platform.Grants.ShareAsync(Self, 1, GrantAccess.ReadWrite);
        using ThreadPair pair = new();
        (string Name, Action Operation)[] operations =
        [
            ("nothing", () => { }),
            ("instant", () => name.Instant(1)),
            ("notify", () => there.Notify()),
            ("yield", () => Thread.Yield()),
            ("map", () => platform.Grants.Map(new ForeignGrant(Self, pages.References[0]), GrantAccess.ReadOnly).Unmap()),
            ("switch", pair.Turn),
        ];
        foreach (bool isTraced in (bool[])[false, true])
        {
            using TraceSession? session = isTraced ? platform.Tracing.Start() : null;
            foreach ((string operation, Action action) in operations)
            {
                double least = double.MaxValue;
                for (int batch = 0; batch < 5; batch++)
                    least = Math.Min(least, Measure(action));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(isTraced ? "traced" : "plain")}-{operation} {least:0.0}"));
            }
        }
        return 0;

        static double Measure(Action action)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < rounds; i++)
                action();
            return Stopwatch.GetElapsedTime(start).TotalNanoseconds / rounds;
        }
    }

    /// <summary>The trace as events of a source, for listeners in the program.</summary>
    internal static async Task<int> ListenAsync(string[] args)
    {
        using Listener listener = new();
        using (TraceSession session = XenPlatform.Current.Tracing.Start())
        {
            Task publishing = XenolithEventSource.Log.PublishAsync(session, TimeSpan.FromSeconds(1));
            if (publishing.Exception is { } error)
            {
                Console.WriteLine(error.InnerException!.Message);
                return 0;
            }
            XenPlatform.Current.Tracing.GetName("hello").Instant(42);
            GC.Collect();
            session.Stop();
            await publishing;
        }
        foreach (string line in listener.Lines)
            Console.WriteLine(line);
        return 0;
    }

    private static void Print(TraceSession session)
    {
        TraceNames names = new();
        TraceRecord[] records = new TraceRecord[7]; // so that names and gaps come to lie across reads
        ulong first = 0;
        for (int count; (count = session.Read(records)) > 0;)
        {
            foreach (TraceRecord record in records.AsSpan(0, count))
            {
                if (names.Add(record))
                    continue;
                first = first == 0 ? record.Time : first;
                string? name = record.Kind >> 4 == TraceKind.UserBegin >> 4 ? names.Find(record.Detail) : names.FindThread(record.Thread);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{record.Kind:x2} {record.Thread} {record.Detail} {(long)record.Value} {(long)(record.Time - first)} {name}"));
            }
        }
    }

    /// <summary>A thread that gives the CPU back whenever it gets it.</summary>
    private sealed class ThreadPair : IDisposable
    {
        private readonly Thread _other;
        private volatile bool _isWanted, _isOver;
        private readonly AutoResetEvent _wake = new(false);

        internal ThreadPair()
        {
            _other = new Thread(() =>
            {
                while (!_isOver)
                {
                    if (!_isWanted)
                        _wake.WaitOne();
                    _isWanted = false;
                    Thread.Yield();
                }
            })
            { IsBackground = true };
            _other.Start();
        }

        public void Dispose()
        {
            _isOver = true;
            _wake.Set();
            _other.Join();
            _wake.Dispose();
        }

        /// <summary>Lets the other thread run, once: two switches.</summary>
        internal void Turn()
        {
            _isWanted = true;
            _wake.Set();
            while (_isWanted)
                Thread.Yield();
        }
    }

    private sealed class Listener : System.Diagnostics.Tracing.EventListener
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> Lines { get; } = new();

        protected override void OnEventSourceCreated(System.Diagnostics.Tracing.EventSource eventSource)
        {
            if (eventSource.Name == XenolithEventSource.SourceName)
                EnableEvents(eventSource, System.Diagnostics.Tracing.EventLevel.Informational, XenolithEventSource.Keywords.User | XenolithEventSource.Keywords.GarbageCollection);
        }

        protected override void OnEventWritten(System.Diagnostics.Tracing.EventWrittenEventArgs eventData)
        {
            if (eventData.EventName is "User" or "GarbageCollection")
                Lines.Enqueue($"{eventData.EventName} {eventData.Payload![1]:x} {eventData.Payload[4]} {eventData.Payload[5]}");
        }
    }
}
