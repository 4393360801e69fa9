using System.Runtime.CompilerServices;
using System.Text;
using Xenolith.Abi;
using Xenolith.Xenstore;

namespace Xenolith.Contract;

/// <summary>Where the contract of xenstore is checked: a client, of whatever domain and over whatever transport.</summary>
/// <param name="Store">The client under test.</param>
/// <param name="DomainId">Its domain. Domain 0 is privileged and has no quotas.</param>
public sealed record XenstoreWorld(XenstoreClient Store, int DomainId)
{
    /// <summary>The folder that each case has to itself, below the domain's home, where any domain may write.</summary>
    public const string Root = "data/contract";

    internal bool IsPrivileged => DomainId == 0;

    /// <summary>A world whose domain is the one that xenstored takes the client for.</summary>
    public static async Task<XenstoreWorld> CreateAsync(XenstoreClient store) =>
        new(store, int.Parse(await store.ReadAsync("domid") ?? throw new ContractException("The domain has no home in xenstore.")));
}

/// <summary>One thing that a client and its xenstored must do.</summary>
/// <param name="Name">A sentence, its words joined by underscores.</param>
/// <param name="Body">Does it, and throws if they do not.</param>
public sealed record XenstoreCase(string Name, Func<XenstoreWorld, Task> Body)
{
    /// <summary>Runs the case in an empty folder, and leaves nothing behind.</summary>
    public async Task RunAsync(XenstoreWorld world)
    {
        await world.Store.RemoveAsync(XenstoreWorld.Root);
        await world.Store.MakeDirectoryAsync(XenstoreWorld.Root);
        await Body(world);
        await world.Store.RemoveAsync(XenstoreWorld.Root);
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>What a client of xenstore does over every transport, with the real daemon and with the simulated one.</summary>
public static partial class XenstoreContract
{
    private const string Root = XenstoreWorld.Root;

    /// <summary>Every case.</summary>
    public static IReadOnlyList<XenstoreCase> All { get; } =
    [
        Case(A_written_value_is_read_back_and_a_missing_one_is_null),
        Case(A_relative_path_begins_at_the_domains_home),
        Case(A_value_may_hold_any_bytes),
        Case(A_text_of_bytes_that_are_no_UTF8_is_still_a_text),
        Case(What_a_message_cannot_carry_is_refused_before_it_is_sent),
        Case(A_node_larger_than_its_quota_is_refused_with_the_quota_exception),
        Case(Making_a_directory_keeps_a_value_and_makes_what_is_above),
        Case(Removing_tells_whether_there_was_something_and_takes_all_below),
        Case(A_list_has_the_names_of_the_children_and_is_null_without_a_node),
        Case(A_list_that_does_not_fit_into_a_message_comes_in_parts),
        Case(Permissions_are_set_and_read_back),
        Case(What_belongs_to_others_is_refused_with_the_access_exception),
        Case(Many_requests_at_once_each_get_their_own_reply),
        Case(A_transaction_takes_effect_all_at_once_or_not_at_all),
        Case(A_transaction_that_read_what_another_changed_conflicts_and_is_repeated),
        Case(A_transaction_that_conflicts_every_time_ends_with_a_conflict),
        Case(Two_transactions_on_different_nodes_both_succeed),
        Case(A_transaction_cannot_be_committed_twice),
        Case(Open_transactions_are_limited_by_a_quota),
        Case(A_watch_tells_at_once_and_then_of_every_change_below),
        Case(A_watch_tells_of_a_transaction_when_it_is_committed),
        Case(A_watch_of_a_node_tells_when_it_goes_with_one_above),
        Case(The_end_of_a_watch_ends_its_readers),
        Case(An_enumeration_of_events_ends_its_watch_with_itself),
        Case(Watches_that_come_and_go_use_up_no_quota),
        Case(Waiting_for_a_value_ends_when_it_is_written),
        Case(Waiting_for_a_condition_on_several_nodes_looks_at_those_that_it_reads),
        Case(A_wait_that_is_given_up_ends),
        Case(Resetting_watches_keeps_those_of_this_client),
        Case(The_path_of_a_domain_is_told_to_all),
        Case(Requests_of_the_toolstack_are_answered_to_the_privileged_and_refused_to_others),
    ];

    private static XenstoreCase Case(Func<XenstoreWorld, Task> body, [CallerArgumentExpression(nameof(body))] string name = "") => new(name, body);

    private static async Task A_written_value_is_read_back_and_a_missing_one_is_null(XenstoreWorld world)
    {
        await world.Store.WriteAsync($"{Root}/greeting", "grüße");
        Check.Equal("grüße", await world.Store.ReadAsync($"{Root}/greeting"));
        Check.Equal(null, await world.Store.ReadAsync($"{Root}/missing"));
        Check.True(await world.Store.ReadBytesAsync($"{Root}/missing/below") is null);
        Check.True(await world.Store.ExistsAsync($"{Root}/greeting"));
        Check.True(!await world.Store.ExistsAsync($"{Root}/missing"));
        await world.Store.WriteAsync($"{Root}/greeting", "");
        Check.Equal("", await world.Store.ReadAsync($"{Root}/greeting"));
    }

    private static async Task A_relative_path_begins_at_the_domains_home(XenstoreWorld world)
    {
        await world.Store.WriteAsync($"{Root}/x", "1");
        Check.Equal("1", await world.Store.ReadAsync($"{XenstorePath.ForDomain(world.DomainId)}/{Root}/x"));
        await using XenstoreWatch watch = await world.Store.WatchAsync(Root);
        Check.Equal(Root, (await watch.ReadAsync()).Path);
        await world.Store.WriteAsync($"{XenstorePath.ForDomain(world.DomainId)}/{Root}/x", "2");
        Check.Equal($"{Root}/x", (await watch.ReadAsync()).Path);
    }

    private static async Task A_value_may_hold_any_bytes(XenstoreWorld world)
    {
        byte[] value = [.. Enumerable.Range(0, 1800).Select(index => (byte)index)]; // more than the ring holds, less than an unprivileged domain's quota
        await world.Store.WriteAsync($"{Root}/v", value);
        Check.True((await world.Store.ReadBytesAsync($"{Root}/v"))!.Value.Span.SequenceEqual(value));
    }

    private static async Task A_text_of_bytes_that_are_no_UTF8_is_still_a_text(XenstoreWorld world)
    {
        await world.Store.WriteAsync($"{Root}/v", new byte[] { 0x41, 0xff });
        Check.Equal("A" + Rune.ReplacementChar, await world.Store.ReadAsync($"{Root}/v"));
    }

    private static async Task What_a_message_cannot_carry_is_refused_before_it_is_sent(XenstoreWorld world)
    {
        foreach (string path in (string[])["", $"{Root}//x", $"{Root}/a b", $"{Root}/ü", $"{Root}/x/", "data/" + new string('x', XenstoreLimit.RelPathMax)])
        {
            await Check.ThrowsAsync<ArgumentException>(() => world.Store.ReadAsync(path));
            await Check.ThrowsAsync<ArgumentException>(() => world.Store.WriteAsync(path, "1"));
            await Check.ThrowsAsync<ArgumentException>(() => world.Store.WatchAsync(path));
        }

        byte[] tooLong = new byte[XenstoreLimit.PayloadMax - $"{Root}/v".Length];
        await Check.ThrowsAsync<ArgumentException>(() => world.Store.WriteAsync($"{Root}/v", tooLong));
        Check.True(!await world.Store.ExistsAsync($"{Root}/v"));
    }

    private static async Task A_node_larger_than_its_quota_is_refused_with_the_quota_exception(XenstoreWorld world)
    {
        byte[] largest = new byte[XenstoreLimit.PayloadMax - $"{Root}/v".Length - 1];
        if (world.IsPrivileged)
        {
            await world.Store.WriteAsync($"{Root}/v", largest);
            Check.Equal(largest.Length, (await world.Store.ReadBytesAsync($"{Root}/v"))!.Value.Length);
            return;
        }

        XenstoreQuotaException error = await Check.ThrowsAsync<XenstoreQuotaException>(() => world.Store.WriteAsync($"{Root}/v", largest));
        Check.Equal(XenstoreError.ENOSPC, error.Error);
        Check.Equal($"{Root}/v", error.Path);
    }

    private static async Task Making_a_directory_keeps_a_value_and_makes_what_is_above(XenstoreWorld world)
    {
        await world.Store.WriteAsync($"{Root}/a", "kept");
        await world.Store.MakeDirectoryAsync($"{Root}/a");
        await world.Store.MakeDirectoryAsync($"{Root}/b/c/d");
        Check.Equal("kept", await world.Store.ReadAsync($"{Root}/a"));
        Check.Equal("", await world.Store.ReadAsync($"{Root}/b/c"));
    }

    private static async Task Removing_tells_whether_there_was_something_and_takes_all_below(XenstoreWorld world)
    {
        await world.Store.WriteAsync($"{Root}/a/b/c", "1");
        Check.True(await world.Store.RemoveAsync($"{Root}/a"));
        Check.True(!await world.Store.ExistsAsync($"{Root}/a/b/c"));
        Check.True(!await world.Store.RemoveAsync($"{Root}/a"));
        Check.True(!await world.Store.RemoveAsync($"{Root}/no/parent"));
    }

    private static async Task A_list_has_the_names_of_the_children_and_is_null_without_a_node(XenstoreWorld world)
    {
        await world.Store.WriteAsync($"{Root}/b", "");
        await world.Store.WriteAsync($"{Root}/a/below", "");
        Check.Equal("a b", Join(await world.Store.ListAsync(Root)));
        Check.Equal("", Join(await world.Store.ListAsync($"{Root}/b")));
        Check.True(await world.Store.ListAsync($"{Root}/missing") is null);
    }

    private static async Task A_list_that_does_not_fit_into_a_message_comes_in_parts(XenstoreWorld world)
    {
        string[] names = [.. Enumerable.Range(0, 400).Select(index => $"a-rather-long-name-{index}")];
        Task writes = Task.WhenAll(names.Select(name => world.Store.WriteAsync($"{Root}/many/{name}", "")));
        if (!world.IsPrivileged)
        {
            // The names count for the size of the node above them: an unprivileged domain reads such lists, but cannot make them.
            await Check.ThrowsAsync<XenstoreQuotaException>(() => writes);
            return;
        }

        await writes;
        Check.Equal(Join(names), Join(await world.Store.ListAsync($"{Root}/many")));
    }

    private static async Task Permissions_are_set_and_read_back(XenstoreWorld world)
    {
        XenstorePermissions permissions = new((ushort)world.DomainId, XenstoreAccess.Read, new XenstorePermission(0, XenstoreAccess.ReadWrite));
        await world.Store.WriteAsync($"{Root}/p", "");
        Check.Equal(world.DomainId, (await world.Store.GetPermissionsAsync($"{Root}/p"))!.Owner);
        await world.Store.SetPermissionsAsync($"{Root}/p", permissions);
        Check.Equal(permissions, await world.Store.GetPermissionsAsync($"{Root}/p"));
        Check.Equal(null, await world.Store.GetPermissionsAsync($"{Root}/missing"));
        XenstoreNotFoundException error =
            await Check.ThrowsAsync<XenstoreNotFoundException>(() => world.Store.SetPermissionsAsync($"{Root}/missing", permissions));
        Check.Equal($"{Root}/missing", error.Path);
        Check.Equal(XenstoreError.ENOENT, error.Error);
    }

    private static async Task What_belongs_to_others_is_refused_with_the_access_exception(XenstoreWorld world)
    {
        if (world.IsPrivileged)
        {
            // Nothing is refused to domain 0, whoever owns it.
            await world.Store.WriteAsync("/contract-of-xenstore", "1");
            Check.Equal("1", await world.Store.ReadAsync("/contract-of-xenstore"));
            Check.True(await world.Store.RemoveAsync("/contract-of-xenstore"));
            return;
        }

        await Check.ThrowsAsync<XenstoreAccessDeniedException>(() => world.Store.ReadAsync("/local/domain/0/name"));
        await Check.ThrowsAsync<XenstoreAccessDeniedException>(() => world.Store.WriteAsync("name", "mine"));
        await Check.ThrowsAsync<XenstoreAccessDeniedException>(() => world.Store.WriteAsync("/elsewhere", "1"));
        await Check.ThrowsAsync<XenstoreAccessDeniedException>(() => world.Store.RemoveAsync("device"));
        XenstoreAccessDeniedException error = await Check.ThrowsAsync<XenstoreAccessDeniedException>(
            () => world.Store.SetPermissionsAsync(Root, new XenstorePermissions(0, XenstoreAccess.None)));
        Check.Equal(Root, error.Path);
    }

    private static async Task Many_requests_at_once_each_get_their_own_reply(XenstoreWorld world)
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(index => world.Store.WriteAsync($"{Root}/n{index}", $"{index}")));
        string?[] values = await Task.WhenAll(Enumerable.Range(0, 200).Select(index => world.Store.ReadAsync($"{Root}/n{index}")));
        Check.Equal(string.Join(' ', Enumerable.Range(0, 200)), string.Join(' ', values));
    }

    private static async Task The_path_of_a_domain_is_told_to_all(XenstoreWorld world) =>
        Check.Equal("/local/domain/7", await world.Store.GetDomainPathAsync(7));

    private static async Task Requests_of_the_toolstack_are_answered_to_the_privileged_and_refused_to_others(XenstoreWorld world)
    {
        if (!world.IsPrivileged)
        {
            foreach (Func<Task> request in (Func<Task>[])[
                () => world.Store.IsIntroducedAsync(world.DomainId), () => world.Store.IntroduceAsync(999, 1, 2), () => world.Store.ReleaseAsync(1),
                () => world.Store.ResumeAsync(world.DomainId), () => world.Store.SetTargetAsync(world.DomainId, 1), () => world.Store.ControlAsync("help")])
            {
                await Check.ThrowsAsync<XenstoreAccessDeniedException>(request);
            }

            return;
        }

        Check.True(await world.Store.IsIntroducedAsync(0));
        Check.True(!await world.Store.IsIntroducedAsync(777));
        Check.True(await world.Store.ControlAsync("help") != "");
        await Check.ThrowsAsync<XenstoreException>(() => world.Store.ReleaseAsync(777));
        await Check.ThrowsAsync<XenstoreException>(() => world.Store.ResumeAsync(777));
        await Check.ThrowsAsync<XenstoreException>(() => world.Store.SetTargetAsync(777, 778));
        // Null where the daemon is older than these requests.
        _ = await world.Store.GetFeaturesAsync();
        _ = await world.Store.GetQuotaNamesAsync();
    }

    private static string Join(IEnumerable<string>? names) => string.Join(' ', (names ?? throw new ContractException("There is no such node")).Order(StringComparer.Ordinal));
}
