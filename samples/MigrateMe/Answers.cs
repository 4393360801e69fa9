using Xenolith;
using Xenolith.Xenstore;

namespace MigrateMe;

/// <summary>
/// Watches a key, and answers each question there: one that begins with "count" with what the program holds, any other with the time, in nanoseconds
/// since 1970. The watch is one from beginning to end.
/// </summary>
internal sealed class Answers(XenPlatform platform)
{
    private const string Question = "data/question", Answer = "data/answer";

    internal int Count { get; private set; }

    internal async Task RunAsync(CancellationToken stop)
    {
        XenstoreClient store = platform.Xenstore;
        await using XenstoreWatch watch = await store.WatchAsync(Question, CancellationToken.None);
        string answered = "";
        while (true)
        {
            try
            {
                await watch.ReadAsync(stop);
                if (await store.ReadAsync(Question, CancellationToken.None) is not { Length: > 0 } question || question == answered)
                    continue;
                string answer = question.StartsWith("count", StringComparison.Ordinal)
                    ? Holdings.Describe(platform)
                    : $"{(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick}";
                await store.WriteAsync(Answer, $"{question} {answer}", CancellationToken.None);
                answered = question;
                Count++;
            }
            catch (XenstoreDisconnectedException)
            {
                // Suspended in the middle of it. The watch tells when there is a connection again.
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }
}
