using System.Diagnostics;
using System.Globalization;
using Xenolith;
using Xenolith.Abi;
using Xenolith.Tracing;

namespace PlatformScenarios;

/// <summary>Traces of a domain that is suspended meanwhile: first the program's own, then those of a tool in dom0.</summary>
internal static class TravelTracing
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Traces itself over a checkpoint and a save with a restore, and prints what the trace tells of them: the suspensions with the milliseconds that
    /// passed over each, and what is wrong with the times and the numbers of the rounds. Then offers to be traced, and works until it was traced once
    /// more after the third suspension. 0 if nothing is left of the traces.
    /// </summary>
    internal static async Task<int> TravelAsync(string[] args)
    {
        XenPlatform platform = XenPlatform.Current;
        using SemaphoreSlim resumed = new(0);
        using IDisposable hook = platform.Hooks.OnSuspend(null, (_, _) =>
        {
            resumed.Release();
            return default;
        });
        await using IAsyncDisposable allowed = await platform.Lifecycle.AllowSuspendAsync();
        TraceName round = platform.Tracing.GetName("round");
        using (TraceSession session = platform.Tracing.Start(new TraceSessionOptions { RecordCount = 65536 }))
        {
            using CancellationTokenSource end = new();
            Task<List<TraceRecord>> reading = ReadToEndAsync(session);
            Task working = WorkAsync(round, end.Token);
            Console.WriteLine("working");
            await resumed.WaitAsync();
            await resumed.WaitAsync();
            await Task.Delay(s_pause * 5); // a few rounds after it
            end.Cancel();
            await working;
            session.Stop();
            Tell(await reading, session.Lost);
        }

        await using (TraceService service = await platform.Tracing.AllowRemoteAsync())
        {
            using CancellationTokenSource end = new();
            Task working = WorkAsync(round, end.Token);
            await resumed.WaitAsync();
            bool wasTraced = false;
            while (!wasTraced || service.IsTracing)
            {
                wasTraced |= service.IsTracing;
                await Task.Delay(s_pause);
            }
            end.Cancel();
            await working;
        }
        return platform.Grants.GetStatistics().Granted == 0 && !platform.Tracing.IsRunning ? 0 : 1;
    }

    private static async Task WorkAsync(TraceName round, CancellationToken end)
    {
        for (int number = 0; !end.IsCancellationRequested; number++)
        {
            round.Counter(number);
            await Task.Delay(s_pause, CancellationToken.None);
        }
    }

    private static async Task<List<TraceRecord>> ReadToEndAsync(TraceSession session)
    {
        List<TraceRecord> records = [];
        TraceRecord[] batch = new TraceRecord[1024];
        while (true)
        {
            bool isRecording = session.IsRecording; // before the last look
            for (int count; (count = session.Read(batch)) > 0;)
                records.AddRange(batch.AsSpan(0, count));
            if (!isRecording)
                return records;
            await session.WaitAsync(TimeSpan.FromSeconds(1));
        }
    }

    private static void Tell(List<TraceRecord> records, long lost)
    {
        TraceNames names = new();
        long rounds = 0, wrong = 0, since = 0, missing = 0;
        ulong suspended = 0, lastRound = 0, latest = 0;
        foreach (TraceRecord record in records)
        {
            if (names.Add(record))
                continue;
            // An interrupt's record may have a time a little before that of the record which it interrupted, and no more than that.
            if (record.Time + (ulong)Stopwatch.Frequency / 1000 < latest)
                wrong++;
            latest = Math.Max(latest, record.Time);
            switch (record.Kind)
            {
                case TraceKind.DomainSuspend:
                    suspended = record.Time;
                    Say($"suspended after {since > 0} rounds");
                    since = 0;
                    break;
                case TraceKind.DomainResume:
                    Say($"resumed {record.Detail} {record.Value} {((long)record.Time - (long)suspended) / 1_000_000}");
                    wrong += record.Time < suspended ? 1 : 0;
                    break;
                case TraceKind.UserCounter:
                    missing += (long)record.Value == rounds ? 0 : 1;
                    wrong += record.Time <= lastRound ? 1 : 0; // one task's
                    lastRound = record.Time;
                    rounds = (long)record.Value + 1;
                    since++;
                    break;
            }
        }
        Say($"then {since > 0} rounds");
        Say($"wrong {wrong} missing {missing} lost {lost}");

        static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }
}
