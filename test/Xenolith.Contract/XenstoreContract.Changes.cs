using Xenolith.Xenstore;

namespace Xenolith.Contract;

/// <summary>Transactions, watches and waiting.</summary>
public static partial class XenstoreContract
{
    private static async Task A_transaction_takes_effect_all_at_once_or_not_at_all(XenstoreWorld world)
    {
        await using (XenstoreTransaction transaction = await world.Store.StartTransactionAsync())
        {
            await transaction.WriteAsync($"{Root}/t", "in");
            await transaction.WriteAsync($"{Root}/u", "in");
            Check.Equal("in", await transaction.ReadAsync($"{Root}/t"));
            Check.Equal(null, await world.Store.ReadAsync($"{Root}/t"));
            Check.True(await transaction.CommitAsync());
        }

        Check.Equal("in", await world.Store.ReadAsync($"{Root}/t"));
        Check.Equal("in", await world.Store.ReadAsync($"{Root}/u"));
        await using (XenstoreTransaction transaction = await world.Store.StartTransactionAsync())
            await transaction.WriteAsync($"{Root}/t", "discarded");
        Check.Equal("in", await world.Store.ReadAsync($"{Root}/t"));
    }

    private static async Task A_transaction_that_read_what_another_changed_conflicts_and_is_repeated(XenstoreWorld world)
    {
        await world.Store.WriteAsync($"{Root}/n", "1");
        int attempts = 0;
        int result = await world.Store.RunTransactionAsync(async transaction =>
        {
            int value = int.Parse((await transaction.ReadAsync($"{Root}/n"))!);
            if (++attempts == 1)
                await world.Store.WriteAsync($"{Root}/n", "10");
            await transaction.WriteAsync($"{Root}/n", $"{value + 1}");
            return value + 1;
        });
        Check.Equal((2, 11, "11"), (attempts, result, await world.Store.ReadAsync($"{Root}/n")));
    }

    private static async Task A_transaction_that_conflicts_every_time_ends_with_a_conflict(XenstoreWorld world)
    {
        int attempts = 0;
        XenstoreConflictException error = await Check.ThrowsAsync<XenstoreConflictException>(() => world.Store.RunTransactionAsync(
            async transaction =>
            {
                await transaction.ReadAsync($"{Root}/n");
                await world.Store.WriteAsync($"{Root}/n", $"{++attempts}");
                await transaction.WriteAsync($"{Root}/n", "never");
            },
            new XenstoreTransactionOptions { MaxAttempts = 3 }));
        Check.Equal((3, "3"), (attempts, await world.Store.ReadAsync($"{Root}/n")));
        Check.True(error.Message.Contains("3 attempts", StringComparison.Ordinal));
    }

    private static async Task Two_transactions_on_different_nodes_both_succeed(XenstoreWorld world)
    {
        await world.Store.WriteAsync($"{Root}/a", "0");
        await world.Store.WriteAsync($"{Root}/b", "0");
        await using XenstoreTransaction first = await world.Store.StartTransactionAsync();
        await using XenstoreTransaction second = await world.Store.StartTransactionAsync();
        await first.WriteAsync($"{Root}/a", "1");
        await second.WriteAsync($"{Root}/b", "2");
        Check.True(await first.CommitAsync());
        Check.True(await second.CommitAsync());
        Check.Equal(("1", "2"), (await world.Store.ReadAsync($"{Root}/a"), await world.Store.ReadAsync($"{Root}/b")));
    }

    private static async Task A_transaction_cannot_be_committed_twice(XenstoreWorld world)
    {
        await using XenstoreTransaction transaction = await world.Store.StartTransactionAsync();
        Check.True(await transaction.CommitAsync());
        await Check.ThrowsAsync<InvalidOperationException>(() => transaction.CommitAsync());
    }

    private static async Task Open_transactions_are_limited_by_a_quota(XenstoreWorld world)
    {
        List<XenstoreTransaction> open = [];
        try
        {
            while (open.Count < 20)
                open.Add(await world.Store.StartTransactionAsync());
        }
        catch (XenstoreQuotaException)
        {
            // An unprivileged domain has 10 by default.
        }

        Check.Equal(world.IsPrivileged, open.Count == 20);
        foreach (XenstoreTransaction transaction in open)
            await transaction.DisposeAsync();
        await (await world.Store.StartTransactionAsync()).DisposeAsync(); // there is room again
    }

    private static async Task A_watch_tells_at_once_and_then_of_every_change_below(XenstoreWorld world)
    {
        await using XenstoreWatch watch = await world.Store.WatchAsync($"{Root}/w");
        Check.Equal($"{Root}/w", (await watch.ReadAsync()).Path);
        await world.Store.WriteAsync($"{Root}/w/a/b", "1");
        Check.Equal($"{Root}/w/a/b", (await watch.ReadAsync()).Path);
        await world.Store.WriteAsync($"{Root}/other", "1");
        await world.Store.RemoveAsync($"{Root}/w");
        Check.Equal($"{Root}/w", (await watch.ReadAsync()).Path);
    }

    private static async Task A_watch_tells_of_a_transaction_when_it_is_committed(XenstoreWorld world)
    {
        await using XenstoreWatch watch = await world.Store.WatchAsync($"{Root}/t");
        await watch.ReadAsync();
        ValueTask<XenstoreWatchEvent> next = watch.ReadAsync();
        await using XenstoreTransaction transaction = await world.Store.StartTransactionAsync();
        await transaction.WriteAsync($"{Root}/t/x", "1");
        await world.Store.ReadAsync($"{Root}/t"); // an event would have come before this reply
        Check.True(!next.IsCompleted);
        Check.True(await transaction.CommitAsync());
        Check.Equal($"{Root}/t/x", (await next).Path);
    }

    private static async Task A_watch_of_a_node_tells_when_it_goes_with_one_above(XenstoreWorld world)
    {
        await world.Store.WriteAsync($"{Root}/a/b/c", "1");
        await using XenstoreWatch watch = await world.Store.WatchAsync($"{Root}/a/b/c");
        await watch.ReadAsync();
        await world.Store.RemoveAsync($"{Root}/a");
        Check.Equal($"{Root}/a/b/c", (await watch.ReadAsync()).Path);
    }

    private static async Task The_end_of_a_watch_ends_its_readers(XenstoreWorld world)
    {
        XenstoreWatch watch = await world.Store.WatchAsync($"{Root}/w");
        TaskCompletionSource first = new();
        Task<string> reading = ReadAllAsync();
        await first.Task;
        await watch.DisposeAsync();
        Check.Equal($"{Root}/w", await reading);
        await Check.ThrowsAsync<ObjectDisposedException>(async () => await watch.ReadAsync());

        async Task<string> ReadAllAsync()
        {
            List<string> seen = [];
            await foreach (XenstoreWatchEvent change in watch)
            {
                seen.Add(change.Path);
                first.TrySetResult();
            }

            return string.Join(' ', seen);
        }
    }

    private static async Task An_enumeration_of_events_ends_its_watch_with_itself(XenstoreWorld world)
    {
        List<string> seen = [];
        await foreach (XenstoreWatchEvent change in world.Store.WatchEventsAsync(Root))
        {
            seen.Add(change.Path);
            if (seen.Count == 3)
                break;
            await world.Store.WriteAsync($"{Root}/{seen.Count}", "");
        }

        Check.Equal($"{Root} {Root}/1 {Root}/2", string.Join(' ', seen));
    }

    private static async Task Watches_that_come_and_go_use_up_no_quota(XenstoreWorld world)
    {
        for (int i = 0; i < 200; i++) // an unprivileged domain may have 128 at a time by default
        {
            await using XenstoreWatch watch = await world.Store.WatchAsync($"{Root}/w{i}");
            if (i % 2 == 0)
                await watch.ReadAsync(); // and with an event that nobody has taken
        }
    }

    private static async Task Waiting_for_a_value_ends_when_it_is_written(XenstoreWorld world)
    {
        Task<string?> waiting = world.Store.WaitForValueAsync($"{Root}/state", value => value == "4");
        await world.Store.WriteAsync($"{Root}/state", "3");
        Check.True(!waiting.IsCompleted);
        await world.Store.WriteAsync($"{Root}/state", "4");
        Check.Equal("4", await waiting);
    }

    private static async Task Waiting_for_a_condition_on_several_nodes_looks_at_those_that_it_reads(XenstoreWorld world)
    {
        Task waiting = world.Store.WaitAsync(async store =>
            await store.ReadAsync($"{Root}/which") is string which && await store.ReadAsync($"{Root}/{which}") == "yes");
        await world.Store.WriteAsync($"{Root}/b", "yes");
        await world.Store.WriteAsync($"{Root}/which", "a");
        await world.Store.WriteAsync($"{Root}/a", "no");
        Check.True(!waiting.IsCompleted);
        await world.Store.WriteAsync($"{Root}/which", "b");
        await waiting;
    }

    private static async Task A_wait_that_is_given_up_ends(XenstoreWorld world)
    {
        using CancellationTokenSource giveUp = new();
        Task waiting = world.Store.WaitForValueAsync($"{Root}/never", value => value is not null, giveUp.Token);
        await world.Store.WriteAsync($"{Root}/other", "1");
        giveUp.Cancel(); // not CancelAsync, which leaves a simulation's thread
        await Check.ThrowsAsync<OperationCanceledException>(() => waiting);
    }

    private static async Task Resetting_watches_keeps_those_of_this_client(XenstoreWorld world)
    {
        await using XenstoreWatch watch = await world.Store.WatchAsync($"{Root}/w");
        await watch.ReadAsync();
        await world.Store.ResetWatchesAsync();
        Check.Equal($"{Root}/w", (await watch.ReadAsync()).Path);
        await world.Store.WriteAsync($"{Root}/w/x", "");
        Check.Equal($"{Root}/w/x", (await watch.ReadAsync()).Path);
    }
}
