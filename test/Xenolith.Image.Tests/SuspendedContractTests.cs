using System.Text.RegularExpressions;

namespace Xenolith.Image.Tests;

/// <summary>The contract of the platform, and that of time, in a domain that the toolstack suspends meanwhile.</summary>
public sealed partial class SuspendedContractTests(ImageBed bed)
{
    private const int Memory = 64;

    // Of xl, which copies the domain's memory in emulation; and of all that a domain does, while it stands still half of the time.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(4), s_limit = TimeSpan.FromMinutes(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_domain_that_is_checkpointed_over_and_over_keeps_the_contract_of_the_platform()
    {
        const int AtLeast = 5;
        await using Domain domain = await bed.Bed.CreateDomainAsync(
            new() { Name = "checkpointed", ImagePath = Images.Contract, CommandLine = $"--checkpoints {AtLeast}", Memory = Memory }, Cancellation);
        await WaitUntilReadyAsync(domain.Id, 0);
        // A domain that is suspended counts as one that has ended: its exit code is waited for.
        Task<string?> code = bed.Bed.Xenstore.WaitAsync($"/local/domain/{domain.Id}/data/exit-code", value => value is not null, s_limit, Cancellation);
        CommandResult last;
        do
            last = await XlAsync("save", "-c", domain.Name, "/checkpointed.save");
        while (last.ExitCode == 0 && !code.IsCompleted);
        await bed.Bed.RunAsync("rm", "-f", "/checkpointed.save");

        string output = await ReadConsolesAsync(domain.Name);
        Assert.True(await code == "0", $"{last.Error}\n{output}"); // the last checkpoint may have met the domain's end
        string[] lines = output.Split('\n');
        Assert.DoesNotContain(lines, line => line.StartsWith("BROKEN", StringComparison.Ordinal));
        Assert.InRange(Cancelled().Count(output), AtLeast, int.MaxValue);
        Assert.Contains(lines, line => line.EndsWith(" cases, 0 broken", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Time_keeps_its_contract_over_a_checkpoint_and_over_a_restore()
    {
        const string Name = "timed", File = "/timed.save";
        await using Domain domain = await bed.Bed.CreateDomainAsync(
            new() { Name = Name, ImagePath = Images.Contract, CommandLine = "--time 2", Memory = Memory }, Cancellation);
        try
        {
            await WaitUntilReadyAsync(domain.Id, 0);
            Assert.Equal(0, (await XlAsync("save", "-c", Name, File)).ExitCode);
            await WaitUntilReadyAsync(domain.Id, 1);
            Assert.Equal(0, (await XlAsync("save", Name, File)).ExitCode);
            Assert.Equal(0, (await XlAsync("restore", "-e", File)).ExitCode);
            string id = (await XlAsync("domid", Name)).Output.Trim();
            string? code = await bed.Bed.Xenstore.WaitAsync(
                $"/local/domain/{id}/data/exit-code", value => value is not null, s_limit, Cancellation);

            string[] lines = (await ReadConsolesAsync(Name)).Split('\n');
            Assert.True(code == "0", string.Join('\n', lines));
            Assert.Contains("Suspend: Cancelled", lines);
            Assert.Contains("Suspend: Resumed", lines);
            Assert.DoesNotContain(lines, line => line.StartsWith("BROKEN", StringComparison.Ordinal));
            Assert.Contains("16 cases, 0 broken", lines);
        }
        finally
        {
            await bed.Bed.RunAsync("xl", "destroy", Name); // gone, perhaps
            await bed.Bed.RunAsync("rm", "-f", File);
        }
    }

    [GeneratedRegex("^Cancelled: [0-9]+$", RegexOptions.Multiline)]
    private static partial Regex Cancelled();

    private Task WaitUntilReadyAsync(int id, int round) => bed.Bed.Xenstore.WaitAsync(
        $"/local/domain/{id}/data/ready", value => value == $"{round}", s_limit, Cancellation);

    /// <summary>All that a domain wrote; what is attached to its console ends with the first suspension.</summary>
    private async Task<string> ReadConsolesAsync(string name) =>
        (await bed.Bed.RunShellAsync($"cat /var/log/xen/console/guest-{name}*.log", Cancellation)).Output.Replace("\r", "", StringComparison.Ordinal);

    private Task<CommandResult> XlAsync(params string[] arguments) =>
        bed.Bed.RunAsync(new Dom0Command { Program = "xl", Arguments = arguments, Timeout = s_patience }, Cancellation);
}
