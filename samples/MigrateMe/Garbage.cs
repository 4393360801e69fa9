namespace MigrateMe;

/// <summary>Keeps a thread and the garbage collector busy, and looks whether what it keeps stays as it was.</summary>
internal sealed class Garbage(Observations seen)
{
    private const int Kept = 64;

    internal int Count { get; private set; }

    internal Task RunAsync(CancellationToken stop) => Task.Factory.StartNew(() => Run(stop), TaskCreationOptions.LongRunning);

    private void Run(CancellationToken stop)
    {
        Random random = new(1);
        byte[][] kept = new byte[Kept][];
        for (int round = 0; !stop.IsCancellationRequested; round++)
        {
            int at = random.Next(Kept);
            if (kept[at] is { } old && old.AsSpan().IndexOfAnyExcept(old[0]) >= 0)
                seen.Add("an array has changed");
            kept[at] = new byte[random.Next(1, 32_000)];
            kept[at].AsSpan().Fill((byte)round);
            if (round % 100 == 99)
            {
                Count++;
                stop.WaitHandle.WaitOne(20); // leaves something to the others: there is one processor
            }
        }
    }
}
