using Xenolith;
using Xenolith.Xenstore;

namespace MigrateMe;

/// <summary>Watches a key, and answers each question there with the time. The watch is one from beginning to end.</summary>
internal sealed class Answers(XenPlatform platform, int questions)
{
    private const string Question = "data/question", Answer = "data/answer";

    private readonly TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal int Count { get; private set; }

    /// <summary>So many questions were answered as there were to be.</summary>
    internal Task Enough => questions == 0 ? Task.CompletedTask : _enough.Task;

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
                long now = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
                await store.WriteAsync(Answer, $"{question} {now}", CancellationToken.None);
                answered = question;
                if (++Count == questions)
                    _enough.TrySetResult();
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
