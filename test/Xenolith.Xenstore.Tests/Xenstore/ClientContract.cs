using System.Text;
using Xenolith.Abi;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Xenstore;

/// <summary>What a client promises over every transport and against every daemon. Each test has the folder <see cref="Root"/> to itself.</summary>
public abstract class ClientContract : IAsyncLifetime
{
    private const string Root = "/contract";

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected XenstoreClient Store { get; private set; } = null!;

    /// <summary>Connects to the daemon as domain 0.</summary>
    protected abstract Task<XenstoreClient> ConnectAsync();

    public virtual async ValueTask InitializeAsync()
    {
        Store = await ConnectAsync();
        await Store.RemoveAsync(Root, Token);
        await Store.MakeDirectoryAsync(Root, Token);
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_written_value_is_read_back_and_a_missing_one_is_null()
    {
        await Store.WriteAsync($"{Root}/greeting", "grüße", Token);
        Assert.Equal("grüße", await Store.ReadAsync($"{Root}/greeting", Token));
        Assert.Null(await Store.ReadAsync($"{Root}/missing", Token));
        Assert.Null(await Store.ReadBytesAsync($"{Root}/missing/below", Token));
        Assert.True(await Store.ExistsAsync($"{Root}/greeting", Token));
        Assert.False(await Store.ExistsAsync($"{Root}/missing", Token));
    }

    [Fact]
    public async Task A_value_may_hold_any_bytes_up_to_the_limit_of_a_message()
    {
        byte[] value = [.. Enumerable.Range(0, XenstoreLimit.PayloadMax - $"{Root}/v".Length - 1).Select(index => (byte)index)];
        await Store.WriteAsync($"{Root}/v", value, Token);
        Assert.True((await Store.ReadBytesAsync($"{Root}/v", Token))!.Value.Span.SequenceEqual(value));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.WriteAsync($"{Root}/v", new byte[value.Length + 1], Token));
        Assert.Equal(value.Length, (await Store.ReadBytesAsync($"{Root}/v", Token))!.Value.Length);
    }

    [Fact]
    public async Task Making_a_directory_keeps_a_value_and_makes_what_is_above()
    {
        await Store.WriteAsync($"{Root}/a", "kept", Token);
        await Store.MakeDirectoryAsync($"{Root}/a", Token);
        await Store.MakeDirectoryAsync($"{Root}/b/c/d", Token);
        Assert.Equal("kept", await Store.ReadAsync($"{Root}/a", Token));
        Assert.Equal("", await Store.ReadAsync($"{Root}/b/c", Token));
    }

    [Fact]
    public async Task Removing_tells_whether_there_was_something_and_takes_all_below()
    {
        await Store.WriteAsync($"{Root}/a/b/c", "1", Token);
        Assert.True(await Store.RemoveAsync($"{Root}/a", Token));
        Assert.False(await Store.ExistsAsync($"{Root}/a/b/c", Token));
        Assert.False(await Store.RemoveAsync($"{Root}/a", Token));
        Assert.False(await Store.RemoveAsync($"{Root}/no/parent", Token));
    }

    [Fact]
    public async Task A_list_has_the_names_of_the_children_and_is_null_without_a_node()
    {
        await Store.WriteAsync($"{Root}/b", "", Token);
        await Store.WriteAsync($"{Root}/a/below", "", Token);
        Assert.Equal(["a", "b"], (await Store.ListAsync(Root, Token))!.Order());
        Assert.Empty((await Store.ListAsync($"{Root}/b", Token))!);
        Assert.Null(await Store.ListAsync($"{Root}/missing", Token));
    }

    [Fact]
    public async Task A_list_that_does_not_fit_into_a_message_comes_in_parts()
    {
        string[] names = [.. Enumerable.Range(0, 700).Select(index => $"a-rather-long-name-{index}")];
        await Task.WhenAll(names.Select(name => Store.WriteAsync($"{Root}/many/{name}", "", Token)));
        Assert.Equal(names.Order(), (await Store.ListAsync($"{Root}/many", Token))!.Order());
    }

    [Fact]
    public async Task Permissions_are_set_and_read_back()
    {
        XenstorePermissions permissions = new(0, XenstoreAccess.Read, new XenstorePermission(0, XenstoreAccess.ReadWrite));
        await Store.WriteAsync($"{Root}/p", "", Token);
        await Store.SetPermissionsAsync($"{Root}/p", permissions, Token);
        Assert.Equal(permissions, await Store.GetPermissionsAsync($"{Root}/p", Token));
        Assert.Null(await Store.GetPermissionsAsync($"{Root}/missing", Token));
        XenstoreNotFoundException exception =
            await Assert.ThrowsAsync<XenstoreNotFoundException>(() => Store.SetPermissionsAsync($"{Root}/missing", permissions, Token));
        Assert.Equal(($"{Root}/missing", XenstoreError.ENOENT), (exception.Path, exception.Error));
    }

    [Fact]
    public async Task Many_requests_at_once_each_get_their_own_reply()
    {
        await Task.WhenAll(Enumerable.Range(0, 300).Select(index => Store.WriteAsync($"{Root}/n{index}", $"{index}", Token)));
        string?[] values = await Task.WhenAll(Enumerable.Range(0, 300).Select(index => Store.ReadAsync($"{Root}/n{index}", Token)));
        Assert.Equal(Enumerable.Range(0, 300).Select(index => $"{index}"), values);
    }

    [Fact]
    public async Task A_transaction_takes_effect_all_at_once_or_not_at_all()
    {
        await using (XenstoreTransaction transaction = await Store.StartTransactionAsync(Token))
        {
            await transaction.WriteAsync($"{Root}/t", "in", Token);
            Assert.Equal("in", await transaction.ReadAsync($"{Root}/t", Token));
            Assert.Null(await Store.ReadAsync($"{Root}/t", Token));
            Assert.True(await transaction.CommitAsync(Token));
        }

        Assert.Equal("in", await Store.ReadAsync($"{Root}/t", Token));
        await using (XenstoreTransaction transaction = await Store.StartTransactionAsync(Token))
            await transaction.WriteAsync($"{Root}/t", "discarded", Token);
        Assert.Equal("in", await Store.ReadAsync($"{Root}/t", Token));
    }

    [Fact]
    public async Task A_transaction_that_read_what_another_changed_conflicts_and_is_repeated()
    {
        await Store.WriteAsync($"{Root}/n", "1", Token);
        int attempts = 0;
        int result = await Store.RunTransactionAsync(
            async transaction =>
            {
                int value = int.Parse((await transaction.ReadAsync($"{Root}/n", Token))!);
                if (++attempts == 1)
                    await Store.WriteAsync($"{Root}/n", "10", Token);
                await transaction.WriteAsync($"{Root}/n", $"{value + 1}", Token);
                return value + 1;
            },
            cancellationToken: Token);
        Assert.Equal((2, 11, "11"), (attempts, result, await Store.ReadAsync($"{Root}/n", Token)));
    }

    [Fact]
    public async Task A_transaction_that_conflicts_every_time_ends_with_a_conflict()
    {
        int attempts = 0;
        XenstoreConflictException exception = await Assert.ThrowsAsync<XenstoreConflictException>(() => Store.RunTransactionAsync(
            async transaction =>
            {
                await transaction.ReadAsync($"{Root}/n", Token);
                await Store.WriteAsync($"{Root}/n", $"{++attempts}", Token);
                await transaction.WriteAsync($"{Root}/n", "never", Token);
            },
            new XenstoreTransactionOptions { MaxAttempts = 3 },
            Token));
        Assert.Equal((3, "3"), (attempts, await Store.ReadAsync($"{Root}/n", Token)));
        Assert.Contains("3 attempts", exception.Message);
    }

    [Fact]
    public async Task A_transaction_cannot_be_committed_twice()
    {
        await using XenstoreTransaction transaction = await Store.StartTransactionAsync(Token);
        Assert.True(await transaction.CommitAsync(Token));
        await Assert.ThrowsAsync<InvalidOperationException>(() => transaction.CommitAsync(Token));
    }

    [Fact]
    public async Task A_watch_tells_at_once_and_then_of_every_change_below()
    {
        await using XenstoreWatch watch = await Store.WatchAsync($"{Root}/w", Token);
        Assert.Equal($"{Root}/w", (await watch.ReadAsync(Token)).Path);
        await Store.WriteAsync($"{Root}/w/a/b", "1", Token);
        Assert.Equal($"{Root}/w/a/b", (await watch.ReadAsync(Token)).Path);
        await Store.WriteAsync($"{Root}/other", "1", Token);
        await Store.RemoveAsync($"{Root}/w", Token);
        Assert.Equal($"{Root}/w", (await watch.ReadAsync(Token)).Path);
    }

    [Fact]
    public async Task The_end_of_a_watch_ends_its_readers()
    {
        XenstoreWatch watch = await Store.WatchAsync($"{Root}/w", Token);
        List<string> seen = [];
        TaskCompletionSource first = new();
        Task reading = Task.Run(
            async () =>
            {
                await foreach (XenstoreWatchEvent change in watch)
                {
                    seen.Add(change.Path);
                    first.TrySetResult();
                }
            },
            Token);
        await first.Task;
        await watch.DisposeAsync();
        await reading;
        Assert.Equal([$"{Root}/w"], seen);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await watch.ReadAsync(Token));
    }

    [Fact]
    public async Task Waiting_for_a_value_ends_when_it_is_written()
    {
        Task<string?> waiting = Store.WaitForValueAsync($"{Root}/state", value => value == "4", Token);
        await Store.WriteAsync($"{Root}/state", "3", Token);
        Assert.False(waiting.IsCompleted);
        await Store.WriteAsync($"{Root}/state", "4", Token);
        Assert.Equal("4", await waiting);
    }

    [Fact]
    public async Task Waiting_for_a_condition_on_several_nodes_looks_at_those_that_it_reads()
    {
        Task waiting = Store.WaitAsync(
            async store => await store.ReadAsync($"{Root}/which", Token) is string which && await store.ReadAsync($"{Root}/{which}", Token) == "yes",
            Token);
        await Store.WriteAsync($"{Root}/b", "yes", Token);
        await Store.WriteAsync($"{Root}/which", "a", Token);
        await Store.WriteAsync($"{Root}/a", "no", Token);
        Assert.False(waiting.IsCompleted);
        await Store.WriteAsync($"{Root}/which", "b", Token);
        await waiting;
    }

    [Fact]
    public async Task Toolstack_requests_are_answered()
    {
        Assert.Equal("/local/domain/7", await Store.GetDomainPathAsync(7, Token));
        Assert.False(await Store.IsIntroducedAsync(77, Token));
        Assert.NotEmpty(await Store.ControlAsync("help", cancellationToken: Token));
        await Assert.ThrowsAnyAsync<XenstoreException>(() => Store.ReleaseAsync(77, Token));
        // Null where the daemon is older than these requests.
        _ = await Store.GetFeaturesAsync(cancellationToken: Token);
        _ = await Store.GetQuotaNamesAsync(Token);
    }

    [Fact]
    public async Task Resetting_watches_keeps_those_of_this_client()
    {
        await using XenstoreWatch watch = await Store.WatchAsync($"{Root}/w", Token);
        await watch.ReadAsync(Token);
        await Store.ResetWatchesAsync(Token);
        Assert.Equal($"{Root}/w", (await watch.ReadAsync(Token)).Path);
        await Store.WriteAsync($"{Root}/w/x", "", Token);
        Assert.Equal($"{Root}/w/x", (await watch.ReadAsync(Token)).Path);
    }

    [Fact]
    public async Task A_text_of_bytes_that_are_no_UTF8_is_still_a_text()
    {
        await Store.WriteAsync($"{Root}/v", new byte[] { 0x41, 0xff }, Token);
        Assert.Equal("A" + Rune.ReplacementChar, await Store.ReadAsync($"{Root}/v", Token));
    }
}
