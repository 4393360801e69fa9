namespace Xenolith.Bed.Tests;

public sealed class XenstoreTests(BedFixture fixture)
{
    [Fact]
    public async Task Keys_are_written_read_listed_and_removed()
    {
        BedXenstore store = fixture.Bed.Xenstore;
        await store.WriteAsync("/test/a/b", "value ü", Cancel);
        Assert.Equal("value ü", await store.ReadAsync("/test/a/b", Cancel));
        Assert.Equal(["b"], await store.ListAsync("/test/a", Cancel));
        await store.RemoveAsync("/test/a", Cancel);
        Assert.Null(await store.ReadAsync("/test/a/b", Cancel));
        Assert.Null(await store.ListAsync("/test/a", Cancel));
        await store.RemoveAsync("/test/a", Cancel);
    }

    [Fact]
    public async Task A_wait_sees_each_change_and_ends_at_the_wanted_one()
    {
        BedXenstore store = fixture.Bed.Xenstore;
        List<string?> seen = [];
        TaskCompletionSource first = new();
        Task<string?> wait = store.WaitAsync(
            "/test/wait",
            value =>
            {
                seen.Add(value);
                first.TrySetResult();
                return value == "two";
            },
            cancellationToken: Cancel);
        await first.Task;
        await store.WriteAsync("/test/wait", "one", Cancel);
        await store.WriteAsync("/test/wait", "two", Cancel);
        Assert.Equal("two", await wait);
        Assert.Null(seen[0]);
        await store.RemoveAsync("/test/wait", Cancel);
        await Assert.ThrowsAsync<BedTimeoutException>(() => store.WaitAsync("/test/wait", value => value == "never", TimeSpan.FromMilliseconds(200), Cancel));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
