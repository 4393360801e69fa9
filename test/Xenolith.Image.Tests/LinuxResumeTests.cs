namespace Xenolith.Image.Tests;

/// <summary>
/// A process in a Linux domU that is checkpointed, saved, restored and migrated, with one of everything in its hands (the scenario "resume").
/// </summary>
public sealed class LinuxResumeTests(ImageBed bed)
{
    private const int Memory = 128; // MiB, all of which are saved and moved

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_process_goes_on_after_a_checkpoint_and_makes_everything_anew_after_a_restore_and_a_migration()
    {
        await using Domain sharer = await bed.Bed.CreateDomainAsync(new() { ImagePath = Images.Platform, CommandLine = "share" }, Cancel);
        await using LinuxDomain linux = await LinuxDomain.StartAsync(bed.Bed, Images.Platform, "resume", Memory);
        await using Traveller traveller = Traveller.Of(bed.Bed, linux.Domain);
        await sharer.SendConsoleInputAsync($"{linux.Domain.Id} 1\n", Cancel);
        string[] shared = (await sharer.Console.WaitForLineAsync("sharing ", cancellationToken: Cancel)).TrimEnd().Split(' ');
        await bed.Bed.Xenstore.WriteAsync($"{await traveller.DataAsync()}/peer", $"{sharer.Id} {shared[2]}", Cancel);
        await linux.Domain.Console.WaitForLineAsync("working", cancellationToken: Cancel);

        IReadOnlyDictionary<string, long> first = await traveller.AskForHoldingsAsync("use");
        RequireUse(first, generation: 0, stale: 0, lost: 0, foreign: 1);
        await traveller.CheckpointAsync();
        RequireUse(await traveller.AskForHoldingsAsync("use"), generation: 0, stale: 0, lost: 0, foreign: 1);
        await traveller.SaveAndRestoreAsync();
        RequireUse(await traveller.AskForHoldingsAsync("resumed"), generation: 1, stale: 5, lost: 1, foreign: 0);
        await traveller.MigrateAsync();
        IReadOnlyDictionary<string, long> last = await traveller.AskForHoldingsAsync("resumed");
        RequireUse(last, generation: 2, stale: 4, lost: 1, foreign: 0); // one less: the other domain's page is not mapped any more
        Assert.Equal(await traveller.ReadIdAsync(), last["domain"]);
        foreach (string name in (string[])["ports", "granted", "descriptors"])
            Assert.True(last[name] <= first[name], $"{name}: {first[name]} at first, {last[name]} at last");

        await using Domain migrated = await bed.Bed.AttachDomainAsync(traveller.Name, Cancel);
        RequireUse(await traveller.AskForHoldingsAsync("end"), generation: 2, stale: 0, lost: 0, foreign: 0);
        await migrated.WaitForShutdownAsync(LinuxDomain.Patience, Cancel);
        string output = await traveller.ReadConsolesAsync();
        Assert.Contains("left: 0 ports, 0 grants, 0 mapped pages\n", output);
        Assert.Contains($"{LinuxRamdisk.ExitLine}0\n", output); // the end of the process closes its devices
        Assert.DoesNotContain(LinuxRamdisk.KernelBug, output);
    }

    private static void RequireUse(IReadOnlyDictionary<string, long> answer, int generation, int stale, int lost, int foreign) => Assert.Equal(
        (generation, stale, lost, 1, 1, foreign),
        (answer["generation"], answer["stale"], answer["lost"], answer["events"], answer["shared"], answer["foreign"]));
}
