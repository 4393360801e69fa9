namespace Xenolith.Image.Tests;

/// <summary>
/// The platform in a process of a Linux domain: the images are Linux programs too, so they run in dom0 and, with a kernel below, in a domU.
/// </summary>
public sealed class LinuxPlatformTests(ImageBed bed)
{
    private const int Pages = 40;

    private static readonly string[] s_notOfferedInDom0 =
    [
        "A_busy_grant_is_reported_and_can_be_ended_later__MSA02",
        "Disposing_of_busy_pages_reclaims_them_when_the_peer_lets_go__MSA02",
    ];

    private static readonly string[] s_notOfferedInDomU =
    [
        "An_interrupt_is_bound_once",
        "An_interrupt_to_a_cpu_of_its_own_arrives",
        "Notifying_a_peer_that_has_closed_its_end_does_no_harm_and_the_status_tells",
        "Resetting_watches_keeps_those_of_this_client",
        "The_status_names_the_other_end",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_process_in_dom0_keeps_the_contract_of_the_platform_but_for_what_Linux_does_not_offer()
    {
        await bed.Bed.UploadAsync(Images.Contract, "/tmp/contract", Cancel);
        CommandResult result = await bed.Bed.RunAsync(
            new() { Program = "/bin/sh", Arguments = ["-c", "chmod +x /tmp/contract && /tmp/contract; code=$?; rm /tmp/contract; exit $code"], Timeout = LinuxDomain.Patience }, Cancel);
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        RequireKept(result.Output, s_notOfferedInDom0);
    }

    [Fact]
    public async Task A_process_in_a_Linux_domU_keeps_the_contract_of_the_platform_but_for_what_Linux_does_not_offer()
    {
        await using LinuxDomain linux = await LinuxDomain.StartAsync(bed.Bed, Images.Contract, "");
        await linux.RequireSuccessAsync();
        RequireKept(linux.Domain.Console.Text.Replace("\r", "", StringComparison.Ordinal), s_notOfferedInDomU);
    }

    [Fact]
    public async Task A_process_in_a_Linux_domU_uses_what_a_unikernel_shares()
    {
        await using Domain sharer = await bed.Bed.CreateDomainAsync(new() { ImagePath = Images.Platform, CommandLine = "share" }, Cancel);
        await using LinuxDomain user = await LinuxDomain.StartAsync(bed.Bed, Images.Platform, "use unmap");
        await ConnectAsync(sharer, user.Domain);
        await AskAsync(sharer, "show", $"bytes {string.Join(' ', Enumerable.Range(100, Pages))}");
        await AskAsync(sharer, "unshare", "unshare Busy");

        await user.Domain.SendConsoleInputAsync("\n", Cancel);
        await user.Domain.Console.WaitForLineAsync("unmapped, 0 left", cancellationToken: Cancel);
        await AskAsync(sharer, "event", "event");
        await AskAsync(sharer, "show", $"bytes 0 {string.Join(' ', Enumerable.Range(101, Pages - 1))}"); // the byte that the user wanted cleared
        await AskAsync(sharer, "unshare", "unshare Ended");

        await user.Domain.SendConsoleInputAsync("\n", Cancel);
        await user.RequireSuccessAsync();
        Assert.Contains("copied 64: 40 40", user.Domain.Console.Text);
        Assert.Contains("copied 1: 77", user.Domain.Console.Text);
        await sharer.SendConsoleInputAsync("end\n", Cancel);
        (await ImageBed.CompleteAsync(sharer)).RequireSuccess();
    }

    [Fact]
    public async Task A_unikernel_keeps_what_a_process_in_a_Linux_domU_has_shared_after_the_sharing_has_ended()
    {
        await using LinuxDomain sharer = await LinuxDomain.StartAsync(bed.Bed, Images.Platform, "share");
        await using Domain user = await bed.Bed.CreateDomainAsync(new() { ImagePath = Images.Platform, CommandLine = "use unmap" }, Cancel);
        await ConnectAsync(sharer.Domain, user);
        await AskAsync(sharer.Domain, "show", $"bytes {string.Join(' ', Enumerable.Range(100, Pages))}");
        // Linux gives the process other memory and keeps the pages for the user as long as that has them.
        await AskAsync(sharer.Domain, "unshare", "unshare Ended");

        await user.SendConsoleInputAsync("\n", Cancel);
        await user.Console.WaitForLineAsync("unmapped, 0 left", cancellationToken: Cancel);
        await AskAsync(sharer.Domain, "event", "event");
        await user.SendConsoleInputAsync("\n", Cancel);
        Assert.Equal(
            ["ready", "copied 64: 40 40", "copied 1: 77", $"mapped {Pages}", "unmapped, 0 left"], (await ImageBed.CompleteAsync(user)).RequireSuccess().Lines);
        await sharer.Domain.SendConsoleInputAsync("end\n", Cancel);
        await sharer.RequireSuccessAsync();
    }

    private static void RequireKept(string output, string[] notOffered)
    {
        const string Prefix = "not offered  ";
        string[] lines = output.Split('\n');
        Assert.DoesNotContain(lines, line => line.StartsWith("BROKEN", StringComparison.Ordinal));
        Assert.Equal(
            notOffered,
            lines.Where(line => line.StartsWith(Prefix, StringComparison.Ordinal)).Select(line => line[Prefix.Length..].Split(':')[0]).Order(StringComparer.Ordinal));
        Assert.Contains(lines, line => line.EndsWith(" cases, 0 broken", StringComparison.Ordinal));
        Assert.True(lines.Count(line => line.StartsWith("kept", StringComparison.Ordinal)) > 50, output);
    }

    /// <summary>Tells each of the two domains what it needs of the other.</summary>
    private static async Task ConnectAsync(Domain sharer, Domain user)
    {
        await sharer.Console.WaitForLineAsync("ready", cancellationToken: Cancel);
        await user.Console.WaitForLineAsync("ready", cancellationToken: Cancel);
        await sharer.SendConsoleInputAsync($"{user.Id} {Pages}\n", Cancel);
        string shared = await sharer.Console.WaitForLineAsync("sharing ", cancellationToken: Cancel);
        await user.SendConsoleInputAsync($"{sharer.Id} {shared["sharing ".Length..].TrimEnd()}\n", Cancel);
        await user.Console.WaitForLineAsync($"mapped {Pages}", cancellationToken: Cancel);
    }

    private static async Task AskAsync(Domain domain, string question, string answer)
    {
        await domain.SendConsoleInputAsync($"{question}\n", Cancel);
        await domain.Console.WaitForLineAsync(answer, cancellationToken: Cancel);
    }
}
