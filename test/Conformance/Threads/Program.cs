// Threads and all that coordinates them.
namespace Conformance;

internal static class Program
{
    private static int Main(string[] args) => Topics.Run(
        args,
        ("many threads", Lives.Many),
        ("names and priorities", Lives.NamesAndPriorities),
        ("join", Lives.Join),
        ("interrupt", Lives.Interrupt),
        ("spinning", Lives.Spinning),
        ("statics", Statics.OfThreads),
        ("async locals", Topics.Wait(Statics.OfAsyncFlowsAsync)),
        ("monitor", Locks.Monitors),
        ("lock", Locks.Counting),
        ("reader writer lock", Locks.ReadersAndWriters),
        ("semaphores", Locks.Semaphores),
        ("barrier", Locks.Barriers),
        ("events", Locks.Events),
        ("wait handles", Locks.WaitHandles),
        ("pool", Pool.Grows),
        ("parallel", Topics.Wait(Pool.ParallelAsync)),
        ("channels", Topics.Wait(Streams.ChannelsAsync)),
        ("async streams", Topics.Wait(Streams.AsyncStreamsAsync)),
        ("cancellation", Topics.Wait(Streams.CancellationAsync)));
}
