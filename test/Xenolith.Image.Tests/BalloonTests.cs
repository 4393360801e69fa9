using System.Globalization;

namespace Xenolith.Image.Tests;

/// <summary>
/// Xen's own account of a domain's memory follows the toolstack's target, and the program lives with it. Sizes are MiB. test/Xenolith.Soak.Tests has
/// the long run.
/// </summary>
public sealed class BalloonTests(ImageBed bed)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Memory_goes_to_Xen_and_comes_back_while_the_program_allocates()
    {
        await using BalloonDomain domain = await StartAsync("cycled", 256, 256);
        await domain.OrderAsync("churn");
        for (int i = 0; i < 3; i++)
        {
            foreach (int target in new[] { 64, 256 })
            {
                await domain.SetTargetAsync(target);
                await domain.WaitAsync("Reached", target);
                Assert.Equal(target, await domain.ListedAsync());
            }
        }
        Assert.Contains("failures 0\n", await domain.EndAsync());
    }

    [Fact]
    public async Task A_domain_uses_all_of_the_memory_that_it_starts_with_and_more_when_it_may_have_more()
    {
        await using BalloonDomain domain = await StartAsync("grown", 64, 256);
        Assert.Equal(64, await domain.ListedAsync());
        // Until it is an exception, and no more than that: one page too many would end the domain.
        Assert.StartsWith("out of memory at 5", await domain.OrderAsync("keep 64"));
        await domain.SetTargetAsync(256);
        await domain.WaitAsync("Reached", 256);
        Assert.Equal(256, await domain.ListedAsync());
        Assert.Equal("200 MiB", await domain.OrderAsync("keep 200"));
        Assert.Contains("total 268435456\n", await domain.EndAsync());
    }

    [Fact]
    public async Task A_target_below_what_is_in_use_is_reached_when_it_is_not_in_use_any_more()
    {
        await using BalloonDomain domain = await StartAsync("full", 128, 128);
        Assert.Equal("80 MiB", await domain.OrderAsync("keep 80"));
        await domain.SetTargetAsync(48);
        int left = await domain.WaitAsync("InUse", 48);
        Assert.InRange(left, 85, 127);
        Assert.InRange(await domain.ListedAsync(), left, left + 1);
        Assert.Equal("81 MiB", await domain.OrderAsync("keep 81")); // some is kept for the program
        Assert.Equal("5 MiB", await domain.OrderAsync("keep 5"));
        await domain.WaitAsync("Reached", 48);
        Assert.Equal(48, await domain.ListedAsync());
        await domain.EndAsync();
    }

    [Fact]
    public async Task A_small_domain_that_was_large_is_out_of_memory_before_its_page_tables_are()
    {
        await using BalloonDomain domain = await StartAsync("spread", 128, 128);
        Assert.StartsWith("8 MiB", await domain.OrderAsync("spread"));
        await domain.SetTargetAsync(48);
        await domain.WaitAsync("Reached", 48);
        Assert.StartsWith("out of memory at ", await domain.OrderAsync("keep 48"));
        Assert.Equal("5 MiB", await domain.OrderAsync("keep 5"));
        await domain.EndAsync();
    }

    [Fact]
    public async Task A_domain_that_has_given_memory_back_is_saved_and_restored_and_grows_again()
    {
        await using BalloonDomain domain = await StartAsync("small", 128, 128);
        await domain.OrderAsync("keep 90");
        await domain.OrderAsync("keep 10");
        await domain.SetTargetAsync(48);
        await domain.WaitAsync("Reached", 48);
        await domain.SaveAndRestoreAsync();
        Assert.Equal("11 MiB", await domain.OrderAsync("keep 11"));
        Assert.Equal(48, await domain.ListedAsync());
        await domain.SetTargetAsync(128);
        await domain.WaitAsync("Reached", 128);
        Assert.Equal(128, await domain.ListedAsync());
        Assert.Equal("90 MiB", await domain.OrderAsync("keep 90"));
        Assert.Contains("generation 1", await domain.EndAsync());
    }

    [Fact]
    public async Task Memory_that_Xen_does_not_have_comes_when_it_has_some()
    {
        await using BalloonDomain domain = await StartAsync("hungry", 256, 256);
        await domain.SetTargetAsync(64);
        await domain.WaitAsync("Reached", 64);
        string info = (await bed.Bed.RunAsync("xl", "info", "free_memory")).Output;
        int free = int.Parse(info, CultureInfo.InvariantCulture);
        const int left = 100;
        await using (BalloonDomain other = await StartAsync("greedy", free - left, free - left))
        {
            await domain.SetTargetAsync(256);
            Assert.InRange(await domain.WaitAsync("Refused", 256), 65, 64 + left);
            Assert.Equal("30 MiB", await domain.OrderAsync("keep 30"));
        }
        await domain.WaitAsync("Reached", 256);
        Assert.Equal(256, await domain.ListedAsync());
        await domain.EndAsync();
    }

    private async Task<BalloonDomain> StartAsync(string name, int memory, int maximum) =>
        await BalloonDomain.StartAsync(bed.Bed, Images.Platform, name, memory, maximum).WaitAsync(Cancellation);
}
