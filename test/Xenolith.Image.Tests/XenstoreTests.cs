namespace Xenolith.Image.Tests;

/// <summary>
/// xenstore with the real daemon. In a domain, <see cref="ContractTests"/> checks the whole contract over the ring; here, what dom0 has to do with.
/// </summary>
public sealed class XenstoreTests(ImageBed bed)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_dom0_the_contract_is_kept_over_the_Unix_socket()
    {
        await bed.Bed.UploadAsync(Images.Contract, "/tmp/contract", Cancel); // the image is a Linux program as well
        CommandResult result = await bed.Bed.RunShellAsync("chmod +x /tmp/contract && /tmp/contract --xenstore-socket; code=$?; rm /tmp/contract; exit $code", Cancel);
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        Assert.EndsWith(", 0 broken\n", result.Output);
        Assert.True(result.Output.Split('\n').Count(line => line.StartsWith("kept", StringComparison.Ordinal)) > 25, result.Output);
    }

    [Fact]
    public async Task A_domain_lists_a_node_with_more_children_than_fit_into_a_message()
    {
        await using Domain domain = await bed.Bed.CreateDomainAsync(
            new() { ImagePath = Images.Platform, CommandLine = "xenstore-list data/many", Paused = true }, Cancel);
        string folder = $"/local/domain/{domain.Id}/data/many";
        await bed.Bed.RunShellAsync($"for i in $(seq 1 500); do echo {folder}/a-rather-long-name-$i 1; done | xargs -n 100 xenstore-write", Cancel);
        await bed.Bed.RunShellAsync($"xenstore-chmod -r {folder} b{domain.Id}", Cancel);
        await domain.UnpauseAsync(Cancel);
        Assert.Equal("500\n", (await ImageBed.CompleteAsync(domain)).RequireSuccess().Output);
    }

    [Fact]
    public async Task A_domain_waits_for_what_dom0_writes()
    {
        await using Domain domain = await bed.Bed.CreateDomainAsync(new() { ImagePath = Images.Platform, CommandLine = "xenstore-wait" }, Cancel);
        string data = $"/local/domain/{domain.Id}/data";
        await bed.Bed.Xenstore.WaitAsync($"{data}/ready", value => value == "1", cancellationToken: Cancel);
        await bed.Bed.Xenstore.WriteAsync($"{data}/question", "how are you?", Cancel);
        Assert.Equal("how are you?\n", (await ImageBed.CompleteAsync(domain)).RequireSuccess().Output);
    }

    [Theory]
    [InlineData("")]
    [InlineData("XENOLITH_EVENT_CHANNELS=2-level ")]
    public async Task The_exit_code_arrives_although_the_program_ends_in_the_middle_of_its_traffic(string environment)
    {
        for (int run = 1; run <= 20; run++)
        {
            ImageRun end = await bed.RunAsync(Images.Platform, $"{environment}xenstore-exit {run} {(run * 7) + 20}");
            Assert.Equal(new DomainEnd(ShutdownReason.Poweroff, run), end.End);
        }
    }
}
