// A program that is saved, restored and migrated while it works, and tells what it noticed.
//
//   MigrateMe [times [seconds]]    ends when it was suspended so often (0 unless told), but runs for so many seconds at least (2 unless told)
//
// It counts by a timer, watches a key, plays both ends of a granted ring, and keeps a thread busy with garbage; and it checks both clocks all the
// while. The exit code is 0 if nothing was lost. on-the-move.sh has the domain saved, restored and migrated.
using System.Diagnostics;
using MigrateMe;
using Xenolith;
using Xenolith.Lifecycle;

if (!XenPlatform.IsSupported)
{
    Console.Error.WriteLine("MigrateMe needs Xen: start it with ./xenolith run samples/MigrateMe");
    return 2;
}
int times = 0, seconds = 2;
if (args.Length > 2 || (args.Length > 0 && !int.TryParse(args[0], out times)) || (args.Length > 1 && !int.TryParse(args[1], out seconds)))
{
    Console.Error.WriteLine("Usage: MigrateMe [times [seconds]]");
    return 2;
}

XenPlatform platform = XenPlatform.Current;
using CancellationTokenSource stop = new();
Observations seen = new();
Clocks clocks = new(seen);
Counter counter = new(seen);
Loopback ring = new(platform, seen);
Answers answers = new(platform);
Garbage garbage = new(seen);

// What the others are built on would be registered first: the last one registered is the first to stop.
int suspensions = 0;
TaskCompletionSource enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
using IDisposable hook = platform.Hooks.OnSuspend(
    _ =>
    {
        Console.WriteLine($"suspending as domain {Self()}");
        return default;
    },
    (outcome, _) =>
    {
        Console.WriteLine($"{outcome} as domain {Self()}, {platform.Generation}");
        if (++suspensions == times)
            enough.TrySetResult();
        return default;
    });
await using IAsyncDisposable allowed = await platform.Lifecycle.AllowSuspendAsync();

Task[] work =
[
    clocks.RunAsync(stop.Token), counter.RunAsync(stop.Token), ring.RunAsync(stop.Token), answers.RunAsync(stop.Token), garbage.RunAsync(stop.Token),
];
Console.WriteLine($"working as domain {Self()}");
Task least = Task.Delay(TimeSpan.FromSeconds(seconds));
if (times > 0)
    await Task.WhenAny(enough.Task, Task.WhenAny(work).Unwrap());
long before = ring.Rounds;
await ring.WaitForRoundsAsync(before + 100); // it goes on after the last one too
await least;
stop.Cancel();
await Task.WhenAll(work);

Console.WriteLine($"suspended {suspensions} times; counted to {counter.Value}, {ring.Rounds} rounds on {ring.Rings} rings, {answers.Count} answers, {garbage.Count} collections' worth of garbage");
Console.WriteLine($"left over: {platform.EventChannels.OpenCount} ports, {platform.Grants.GetStatistics().Granted} grants, {platform.Grants.GetStatistics().MappedPages} mapped pages");
foreach (string problem in seen.Problems)
    Console.WriteLine($"problem: {problem}");
return seen.Problems.Count == 0 ? 0 : 1;

static string Self() => XenHost.TryGet()?.DomainId?.ToString() ?? "?";
