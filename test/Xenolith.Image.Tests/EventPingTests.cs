using System.Globalization;

namespace Xenolith.Image.Tests;

/// <summary>The sample EventPing: event channels, and two domains that find each other through xenstore.</summary>
public sealed class EventPingTests(ImageBed bed)
{
    [Fact]
    public async Task Alone_it_answers_itself()
    {
        ImageRun run = (await bed.RunAsync(Images.EventPing)).RequireSuccess();
        Assert.Matches(@"^1000 round trips in \d+ ms: [\d.]+ us each\n$", run.Output);
    }

    [Fact]
    public async Task Two_domains_answer_each_other()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using Domain pong = await bed.Bed.CreateDomainAsync(new() { ImagePath = Images.EventPing, CommandLine = "pong 200" }, cancellation);
        await using Domain ping = await bed.Bed.CreateDomainAsync(new() { ImagePath = Images.EventPing, CommandLine = "ping 200" }, cancellation);
        await IntroduceAsync(pong, ping);
        await IntroduceAsync(ping, pong);
        ImageRun pinged = (await ImageBed.CompleteAsync(ping)).RequireSuccess(), ponged = (await ImageBed.CompleteAsync(pong)).RequireSuccess();
        Assert.StartsWith("200 round trips in ", pinged.Output);
        Assert.Equal("answered 200 times\n", ponged.Output);

        Task IntroduceAsync(Domain domain, Domain peer) =>
            bed.Bed.Xenstore.WriteAsync($"/local/domain/{domain.Id}/data/peer", peer.Id.ToString(CultureInfo.InvariantCulture), cancellation);
    }

    [Fact]
    public async Task Wrong_arguments_are_told_and_exit_code_2()
    {
        ImageRun run = await bed.RunAsync(Images.EventPing, "pang");
        Assert.Equal(2, run.End.ExitCode);
        Assert.StartsWith("Usage: EventPing [ping|pong [rounds]]\n", run.Output);
    }
}
