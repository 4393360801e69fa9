// Written as a program would be, which has no test's cancellation token.
#pragma warning disable xUnit1051

using System.Runtime.CompilerServices;
using Xenolith.Simulation;
using Xenolith.Simulation.Xenstore;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Xenstore;

/// <summary>The examples of docs/xenstore.md, run. A last test compares the article with this file.</summary>
public sealed class DocumentationTests
{
    [Fact]
    public async Task The_client_of_a_domain()
    {
        using SimulatedHypervisor hypervisor = new();
        await using XenPlatform platform = hypervisor.CreateDomain().Platform;

        XenstoreClient store = platform.Xenstore;
        Console.WriteLine($"This is {await store.ReadAsync("name")}, domain {await store.ReadAsync("domid")}.");

        Assert.Equal("Domain-0", await store.ReadAsync("name"));
    }

    [Fact]
    public async Task Reading_and_writing()
    {
        InMemoryXenstored daemon = new();
        daemon.AddDomain(3);
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(daemon.CreateTransport(3));

        await store.WriteAsync("data/greeting", "hello");
        string? greeting = await store.ReadAsync("data/greeting");    // null if there is no such node
        foreach (string name in await store.ListAsync("data") ?? [])
            Console.WriteLine(name);
        bool removed = await store.RemoveAsync("data/greeting");      // false if it was not there

        Assert.Equal(("hello", true), (greeting, removed));
    }

    [Fact]
    public async Task A_transaction()
    {
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(new InMemoryXenstored().CreateTransport(0));

        int number = await store.RunTransactionAsync(async transaction =>
        {
            int next = int.Parse(await transaction.ReadAsync("/tickets/next") ?? "0");
            await transaction.WriteAsync("/tickets/next", $"{next + 1}");
            return next;
        });

        Assert.Equal((0, "1"), (number, await store.ReadAsync("/tickets/next")));
    }

    [Fact]
    public async Task Watching()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(new InMemoryXenstored().CreateTransport(0));

        await foreach (XenstoreWatchEvent change in store.WatchEventsAsync("/device/vif", cancellationToken))
        {
            Console.WriteLine(change.IsOverflow ? $"anything below {change.Path} may have changed" : $"{change.Path} changed");
            if (await store.ReadAsync("/device/vif/0/state") == "4")
                break;
            await store.WriteAsync("/device/vif/0/state", "4");
        }
    }

    [Fact]
    public async Task Waiting()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(new InMemoryXenstored().CreateTransport(0));
        string backend = "/backend/vif/3/0";
        await store.WriteAsync("/backend/vif/3/0/state", "4");
        await store.WriteAsync("/backend/vif/3/0/hotplug-status", "connected");

        await store.WaitForValueAsync($"{backend}/state", state => state is "4" or null, cancellationToken);

        await store.WaitAsync(
            async reader => await reader.ReadAsync($"{backend}/state") == "4"
                && await reader.ReadAsync($"{backend}/hotplug-status") == "connected",
            cancellationToken);
    }

    [Fact]
    public async Task Permissions()
    {
        InMemoryXenstored daemon = new();
        daemon.AddDomain(3);
        await using XenstoreClient store = await XenstoreClient.ConnectAsync(daemon.CreateTransport(3));

        await store.WriteAsync("data/port", "17");
        await store.SetPermissionsAsync("data/port", new XenstorePermissions(
            owner: 3, others: XenstoreAccess.None, new XenstorePermission(DomainId: 5, XenstoreAccess.Read)));

        Assert.Equal("n3,r5", (await store.GetPermissionsAsync("data/port"))!.ToString());
    }

    [Fact]
    public void Every_example_of_the_article_is_here()
    {
        string source = Normalise(File.ReadAllText(ThisFile()));
        string article = File.ReadAllText(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../../docs/xenstore.md"));
        string[] examples = [.. article.Split("```csharp\n").Skip(1).Select(part => part[..part.IndexOf("```", StringComparison.Ordinal)])];
        Assert.NotEmpty(examples);
        foreach (string example in examples)
            Assert.Contains(Normalise(example), source);

        static string Normalise(string text) => string.Join('\n', text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));
        static string ThisFile([CallerFilePath] string path = "") => path;
    }
}
