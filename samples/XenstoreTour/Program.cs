// A tour of xenstore, the small shared database of a Xen host: reading, writing, listing, permissions, transactions, watches, waiting, errors.
//
// A domain may read its home, /local/domain/N, and write below data/ in it. A path without a slash at its beginning starts at the home.
using Xenolith;
using Xenolith.Xenstore;

if (!XenPlatform.IsSupported)
{
    Console.Error.WriteLine("XenstoreTour needs Xen: start it with ./xenolith run samples/XenstoreTour");
    return 2;
}

XenstoreClient store = XenPlatform.Current.Xenstore; // one for the domain; it goes on after a migration
int self = int.Parse(await store.ReadAsync("domid") ?? throw new InvalidOperationException("The toolstack gave this domain no number."));
Console.WriteLine($"This is domain {self}, \"{await store.ReadAsync("name")}\".");

// A missing node is null, no exception.
await store.WriteAsync("data/tour/greeting", "hello");
Console.WriteLine($"greeting: {await store.ReadAsync("data/tour/greeting")}");
Console.WriteLine($"farewell: {await store.ReadAsync("data/tour/farewell") ?? "(none)"}");

await store.MakeDirectoryAsync("data/tour/empty");
Console.WriteLine($"data/tour has {string.Join(", ", (await store.ListAsync("data/tour") ?? []).Order())}");

// The owner may do everything, others nothing, and one other domain may read.
await store.SetPermissionsAsync("data/tour/greeting", new XenstorePermissions(self, XenstoreAccess.None, new XenstorePermission(0, XenstoreAccess.Read)));
Console.WriteLine($"permissions: {await store.GetPermissionsAsync("data/tour/greeting")}");

// A transaction takes effect all at once. Eight of them count at the same time; one that conflicts with another runs again.
await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.RunTransactionAsync(async transaction =>
{
    int count = int.Parse(await transaction.ReadAsync("data/tour/counter") ?? "0");
    await transaction.WriteAsync("data/tour/counter", $"{count + 1}");
})));
Console.WriteLine($"counter: {await store.ReadAsync("data/tour/counter")}");

// A watch tells of a node and all below it: once at its beginning, then of each change. An event says "look again", and equal ones may be one.
await foreach (XenstoreWatchEvent change in store.WatchEventsAsync("data/tour/door"))
{
    string? door = await store.ReadAsync("data/tour/door");
    Console.WriteLine($"{change.Path} is {door ?? "not there"}");
    if (door == "open")
        break; // ends the watch, too
    await store.WriteAsync("data/tour/door", door is null ? "closed" : "open");
}

// Waiting for a condition watches what the condition reads.
Task ready = store.WaitAsync(async reader => await reader.ReadAsync("data/tour/front") == "4" && await reader.ReadAsync("data/tour/back") == "4");
await store.WriteAsync("data/tour/front", "4");
await store.WriteAsync("data/tour/back", "4");
await ready;
Console.WriteLine("both ends are connected");

// What is refused is an exception of one tree, which has the path and xenstored's reason.
try
{
    await store.WriteAsync("name", "another");
}
catch (XenstoreAccessDeniedException error)
{
    Console.WriteLine($"{error.Path}: {error.Error}");
}

Console.WriteLine($"removed: {await store.RemoveAsync("data/tour")}, again: {await store.RemoveAsync("data/tour")}");
return 0;
