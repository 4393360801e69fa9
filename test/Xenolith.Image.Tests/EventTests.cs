namespace Xenolith.Image.Tests;

/// <summary>Event channels of Xen, with both of its ABIs. What every platform must do is checked by <see cref="ContractTests"/>.</summary>
public sealed class EventTests(ImageBed bed)
{
    [Theory]
    [InlineData("", 131072, 400)]
    [InlineData("XENOLITH_EVENT_CHANNELS=2-level ", 4096, 400)]
    [InlineData("", 131072, 3000)]
    [InlineData("XENOLITH_EVENT_CHANNELS=2-level ", 4096, 2000)]
    public async Task Every_one_of_many_ports_hears_its_event(string environment, int limit, int pairs)
    {
        await using Domain domain = await bed.Bed.CreateDomainAsync(
            new() { ImagePath = Images.Platform, CommandLine = $"{environment}events-many {pairs}", ExtraConfig = "max_event_channels=8192\n" },
            TestContext.Current.CancellationToken);
        ImageRun run = (await ImageBed.CompleteAsync(domain)).RequireSuccess();
        Assert.Equal($"limit {limit}, open {2 * pairs}, arrived {pairs}\nopen 0, unclaimed 0\n", run.Output);
    }

    [Fact]
    public async Task Running_out_of_ports_is_an_exception_and_ports_can_be_had_again()
    {
        ImageRun run = (await bed.RunAsync(Images.Platform, "events-exhaust")).RequireSuccess();
        Assert.StartsWith("more than 900, then: ", run.Output);
    }

    [Fact]
    public async Task An_interrupt_that_is_taken_or_unknown_is_refused_and_says_why()
    {
        ImageRun run = (await bed.RunAsync(Images.Platform, "events-refused-interrupts")).RequireSuccess();
        Assert.Equal("Timer: Exists\nDomainException: bound\n99: Invalid\nDebug: VirtualInterrupt\n", run.Output);
    }

    [Fact]
    public async Task Of_the_ports_of_the_start_only_the_one_of_xenstore_can_be_taken_over()
    {
        ImageRun run = (await bed.RunAsync(Images.Platform, "events-adopt")).RequireSuccess();
        Assert.Contains("Interdomain", run.Lines[0]);
        Assert.Equal("1 in all", run.Lines[1]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("XENOLITH_EVENT_CHANNELS=2-level ")]
    public async Task A_flood_of_events_keeps_nobody_from_theirs(string environment)
    {
        ImageRun run = (await bed.RunAsync(Images.Platform, environment + "events-flood")).RequireSuccess();
        Assert.Equal("100 events beside the flood\n", run.Output);
    }
}
