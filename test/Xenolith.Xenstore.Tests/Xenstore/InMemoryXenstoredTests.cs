using Xenolith.Simulation.Xenstore;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Xenstore;

/// <summary>What the simulated daemon does with domains, permissions, quotas and watches, as the real one does.</summary>
public sealed class InMemoryXenstoredTests : IAsyncLifetime
{
    private readonly InMemoryXenstored _daemon = new();
    private XenstoreClient _toolstack = null!;
    private XenstoreClient _guest = null!;
    private XenstoreClient _other = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _daemon.AddDomain(3);
        _daemon.AddDomain(4);
        _toolstack = await XenstoreClient.ConnectAsync(_daemon.CreateTransport(0));
        _guest = await XenstoreClient.ConnectAsync(_daemon.CreateTransport(3));
        _other = await XenstoreClient.ConnectAsync(_daemon.CreateTransport(4));
    }

    public async ValueTask DisposeAsync()
    {
        await _toolstack.DisposeAsync();
        await _guest.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Fact]
    public async Task A_relative_path_begins_at_the_domains_home()
    {
        await _guest.WriteAsync("data/x", "1", Token);
        Assert.Equal("1", await _toolstack.ReadAsync("/local/domain/3/data/x", Token));
        await using XenstoreWatch watch = await _guest.WatchAsync("data", Token);
        Assert.Equal("data", (await watch.ReadAsync(Token)).Path);
        await _toolstack.WriteAsync("/local/domain/3/data/x", "2", Token);
        Assert.Equal("data/x", (await watch.ReadAsync(Token)).Path);
    }

    [Fact]
    public async Task A_domain_may_not_read_or_write_what_others_own()
    {
        await _guest.WriteAsync("data/secret", "1", Token);
        XenstoreAccessDeniedException exception =
            await Assert.ThrowsAsync<XenstoreAccessDeniedException>(() => _other.ReadAsync("/local/domain/3/data/secret", Token));
        Assert.Equal(("/local/domain/3/data/secret", XenstoreError.EACCES), (exception.Path, exception.Error));
        await Assert.ThrowsAsync<XenstoreAccessDeniedException>(() => _other.WriteAsync("/local/domain/3/data/secret", "2", Token));
        await Assert.ThrowsAsync<XenstoreAccessDeniedException>(() => _other.RemoveAsync("/local/domain/3/data/secret", Token));
        await Assert.ThrowsAsync<XenstoreAccessDeniedException>(() => _other.ReadAsync("/local/domain/3/missing", Token));
        await Assert.ThrowsAsync<XenstoreAccessDeniedException>(() => _guest.WriteAsync("/elsewhere", "", Token));
    }

    [Fact]
    public async Task An_entry_gives_one_domain_access_and_the_default_gives_it_to_the_rest()
    {
        await _guest.WriteAsync("data/shared", "1", Token);
        await _guest.SetPermissionsAsync("data/shared", new(3, XenstoreAccess.None, new XenstorePermission(4, XenstoreAccess.Read)), Token);
        Assert.Equal("1", await _other.ReadAsync("/local/domain/3/data/shared", Token));
        await Assert.ThrowsAsync<XenstoreAccessDeniedException>(() => _other.WriteAsync("/local/domain/3/data/shared", "2", Token));
        await _guest.SetPermissionsAsync("data/shared", new(3, XenstoreAccess.ReadWrite), Token);
        await _other.WriteAsync("/local/domain/3/data/shared", "2", Token);
        Assert.Equal("2", await _guest.ReadAsync("data/shared", Token));
    }

    [Fact]
    public async Task Only_the_owner_sets_permissions_and_only_the_privileged_give_a_node_away()
    {
        await _guest.WriteAsync("data/x", "1", Token);
        await _guest.SetPermissionsAsync("data/x", new(3, XenstoreAccess.ReadWrite), Token);
        await Assert.ThrowsAsync<XenstoreAccessDeniedException>(() => _other.SetPermissionsAsync("/local/domain/3/data/x", new(3, XenstoreAccess.None), Token));
        XenstoreException exception =
            await Assert.ThrowsAsync<XenstoreAccessDeniedException>(() => _guest.SetPermissionsAsync("data/x", new(4, XenstoreAccess.None), Token));
        Assert.Equal(XenstoreError.EPERM, exception.Error);
        await _toolstack.SetPermissionsAsync("/local/domain/3/data/x", new(4, XenstoreAccess.None), Token);
        await Assert.ThrowsAsync<XenstoreAccessDeniedException>(() => _guest.WriteAsync("data/x", "2", Token));
    }

    [Fact]
    public async Task A_domain_has_the_rights_of_its_target()
    {
        await _guest.WriteAsync("data/x", "1", Token);
        await _toolstack.SetTargetAsync(4, 3, Token);
        Assert.Equal("1", await _other.ReadAsync("/local/domain/3/data/x", Token));
    }

    [Fact]
    public async Task Requests_of_the_toolstack_are_refused_to_guests()
    {
        await Assert.ThrowsAsync<XenstoreAccessDeniedException>(() => _guest.IntroduceAsync(9, 1, 2, Token));
        await Assert.ThrowsAsync<XenstoreAccessDeniedException>(() => _guest.ReleaseAsync(4, Token));
        await Assert.ThrowsAsync<XenstoreAccessDeniedException>(() => _guest.ControlAsync("check", cancellationToken: Token));
        await Assert.ThrowsAsync<XenstoreAccessDeniedException>(() => _guest.SetQuotaAsync("nodes", 0, cancellationToken: Token));
    }

    [Fact]
    public async Task Domains_that_come_and_go_are_told_to_the_toolstack()
    {
        await using XenstoreWatch introduced = await _toolstack.WatchAsync(XenstorePath.IntroduceDomain, Token);
        await using XenstoreWatch released = await _toolstack.WatchAsync(XenstorePath.ReleaseDomain, Token);
        await introduced.ReadAsync(Token);
        await released.ReadAsync(Token);
        await _toolstack.IntroduceAsync(9, 0xfeffc, 1, Token);
        Assert.Equal(XenstorePath.IntroduceDomain, (await introduced.ReadAsync(Token)).Path);
        Assert.True(await _toolstack.IsIntroducedAsync(9, Token));
        await _toolstack.ReleaseAsync(9, Token);
        Assert.Equal(XenstorePath.ReleaseDomain, (await released.ReadAsync(Token)).Path);
        Assert.False(await _toolstack.IsIntroducedAsync(9, Token));
    }

    [Fact]
    public async Task The_nodes_of_a_domain_that_ends_go_with_it()
    {
        await _guest.WriteAsync("data/x", "1", Token);
        _daemon.RemoveDomain(3);
        Assert.Equal(["4"], (await _toolstack.ListAsync("/local/domain", Token))!);
    }

    [Fact]
    public async Task A_watch_of_a_node_tells_when_it_goes_with_one_above()
    {
        await _toolstack.WriteAsync("/a/b/c", "1", Token);
        await using XenstoreWatch watch = await _toolstack.WatchAsync("/a/b/c", Token);
        await watch.ReadAsync(Token);
        await _toolstack.RemoveAsync("/a", Token);
        Assert.Equal("/a/b/c", (await watch.ReadAsync(Token)).Path);
    }

    [Fact]
    public async Task A_watch_tells_nothing_of_nodes_that_the_domain_may_not_read()
    {
        await using XenstoreWatch watch = await _other.WatchAsync("/local/domain/3", Token);
        await watch.ReadAsync(Token);
        await _guest.WriteAsync("data/secret", "1", Token);
        await _guest.WriteAsync("data/open", "1", Token);
        await _guest.SetPermissionsAsync("data/open", new(3, XenstoreAccess.Read), Token);
        await _guest.WriteAsync("data/open", "2", Token);
        Assert.Equal("/local/domain/3/data/open", (await watch.ReadAsync(Token)).Path);
    }

    [Fact]
    public async Task Watches_tell_of_a_transaction_when_it_is_committed()
    {
        await using XenstoreWatch watch = await _toolstack.WatchAsync("/t", Token);
        await watch.ReadAsync(Token);
        ValueTask<XenstoreWatchEvent> next = watch.ReadAsync(Token);
        await using XenstoreTransaction transaction = await _toolstack.StartTransactionAsync(Token);
        await transaction.WriteAsync("/t/x", "1", Token);
        await _toolstack.ReadAsync("/t", Token);
        Assert.False(next.IsCompleted);
        Assert.True(await transaction.CommitAsync(Token));
        Assert.Equal("/t/x", (await next).Path);
    }

    [Fact]
    public async Task Quotas_of_a_guest_are_kept_and_domain_0_has_none()
    {
        await _toolstack.SetQuotaAsync("watches", 1, 3, Token);
        await _toolstack.SetQuotaAsync("transactions", 1, 3, Token);
        await _guest.WriteAsync("data/x", "", Token);
        uint owned = 11; // with what the toolstack gave it
        await _toolstack.SetQuotaAsync("nodes", owned + 2, 3, Token);
        await _toolstack.SetQuotaAsync("node-size", 100, 3, Token);
        await _toolstack.SetQuotaAsync("permissions", 2, 3, Token);

        await using (await _guest.WatchAsync("a", Token))
            await Assert.ThrowsAsync<XenstoreQuotaException>(() => _guest.WatchAsync("b", Token));
        await using (await _guest.StartTransactionAsync(Token))
            await Assert.ThrowsAsync<XenstoreQuotaException>(() => _guest.StartTransactionAsync(Token));
        await Assert.ThrowsAsync<XenstoreQuotaException>(() => _guest.WriteAsync("data/too/many/nodes", "", Token));
        await _guest.WriteAsync("data/x", new string('x', 50), Token);
        await Assert.ThrowsAsync<XenstoreQuotaException>(() => _guest.WriteAsync("data/x", new string('x', 150), Token));
        XenstorePermission entry = new(4, XenstoreAccess.Read);
        await Assert.ThrowsAsync<XenstoreQuotaException>(() => _guest.SetPermissionsAsync("data/x", new(3, XenstoreAccess.None, entry, entry), Token));

        await _toolstack.WriteAsync("/too/many/nodes/for/a/guest", new string('x', 3000), Token);
        Assert.Equal((owned + 2, 1000u), (await _toolstack.GetQuotaAsync("nodes", 3, Token), await _toolstack.GetQuotaAsync("nodes", cancellationToken: Token)));
        Assert.Equal(["node-size", "nodes", "permissions", "transactions", "watches"], (await _toolstack.GetQuotaNamesAsync(Token))!);
    }

    [Fact]
    public async Task Features_are_set_before_a_domain_is_introduced()
    {
        Assert.True(await _toolstack.SetFeaturesAsync(8, XenstoreFeatures.WatchDepth | XenstoreFeatures.Error, Token));
        Assert.Equal(XenstoreFeatures.WatchDepth | XenstoreFeatures.Error, await _toolstack.GetFeaturesAsync(8, Token));
        XenstoreException exception = await Assert.ThrowsAsync<XenstoreException>(() => _toolstack.SetFeaturesAsync(3, XenstoreFeatures.None, Token));
        Assert.Equal(XenstoreError.EBUSY, exception.Error);
    }

    [Fact]
    public async Task A_client_that_announces_too_long_a_message_is_cut_off()
    {
        await using XenstoreChannel channel = await _daemon.CreateTransport(3).ConnectAsync(Token);
        byte[] header = new byte[XenstoreCodec.HeaderSize];
        XenstoreCodec.WriteHeader(header, new() { Type = 2, ReqId = 1, Len = 4097 });
        await channel.WriteAsync(header, Token);
        Assert.Equal(0, await channel.ReadAsync(new byte[16], Token));
    }

    [Fact]
    public async Task No_bytes_of_a_client_do_harm() => await Gen.Select(Gen.UInt[0, 30], Gen.UInt[0, 2], Gen.Byte.Array[0, 60]).Array[1, 20].SampleAsync(
        async messages =>
        {
            await using XenstoreChannel channel = await _daemon.CreateTransport(3).ConnectAsync(Token);
            foreach ((uint type, uint transaction, byte[] payload) in messages)
            {
                byte[] message = new byte[XenstoreCodec.HeaderSize + payload.Length];
                XenstoreCodec.WriteHeader(message, new() { Type = type, ReqId = 1, TxId = transaction, Len = (uint)payload.Length });
                payload.CopyTo(message, XenstoreCodec.HeaderSize);
                await channel.WriteAsync(message, Token);
                Assert.True(await channel.ReadAsync(new byte[XenstoreCodec.MessageSizeMax], Token) >= XenstoreCodec.HeaderSize);
            }
        },
        iter: 3_000,
        threads: 1);
}
