namespace Xenolith.Image.Tests;

/// <summary>
/// Further consoles between two domUs. libxl makes their nodes, from an entry of <c>channel=</c> that names the domain which serves it.
/// </summary>
public sealed class FurtherConsoleTests(ImageBed bed)
{
    private const string Name = "org.example.test";
    private const string NothingLeft = "0 grants, 0 mapped pages left\n";

    [Fact]
    public async Task Bytes_and_lines_go_both_ways_and_the_console_can_be_opened_again()
    {
        await using Domain back = await StartAsync("console-echo 2");
        await back.Console.WaitForLineAsync("ready", cancellationToken: TestContext.Current.CancellationToken);
        await using Domain front = await StartAsync($"console-talk {Name}", served: back);
        ImageRun frontRun = (await ImageBed.CompleteAsync(front)).RequireSuccess();
        ImageRun backRun = (await ImageBed.CompleteAsync(back)).RequireSuccess();
        Assert.Equal(
            $"console 1 {Name} served by {back.Id}\n100000 bytes came back\nline 0\nline 1\nline 2\n{NothingLeft}", frontRun.Output);
        Assert.Equal($"ready\n{Name}: 100000 bytes\n{Name}: 21 bytes\n{NothingLeft}", backRun.Output);
    }

    [Fact]
    public async Task A_back_end_that_breaks_the_ring_closes_the_console_with_an_exception()
    {
        await using Domain back = await StartAsync("console-break");
        await back.Console.WaitForLineAsync("ready", cancellationToken: TestContext.Current.CancellationToken);
        await using Domain front = await StartAsync($"console-read {Name}", served: back);
        ImageRun run = (await ImageBed.CompleteAsync(front)).RequireSuccess();
        Assert.Equal(
            $"opened\nconsole 1 \"{Name}\": domain {back.Id} broke the ring. The writer of a byte ring of 1024 is at an impossible place.\n{NothingLeft}",
            run.Output);
        Assert.Equal("ready\nthe front end closes\n", (await ImageBed.CompleteAsync(back)).RequireSuccess().Output);
    }

    [Fact]
    public async Task When_the_domain_that_serves_it_is_destroyed_the_console_has_its_end()
    {
        await using Domain back = await StartAsync("console-echo 1");
        await back.Console.WaitForLineAsync("ready", cancellationToken: TestContext.Current.CancellationToken);
        await using Domain front = await StartAsync($"console-read {Name}", served: back);
        await front.Console.WaitForLineAsync("opened", cancellationToken: TestContext.Current.CancellationToken);
        await back.DestroyAsync(TestContext.Current.CancellationToken);
        ImageRun run = (await ImageBed.CompleteAsync(front)).RequireSuccess();
        Assert.Matches($"^opened\nthe end after [06] bytes\n{NothingLeft}$", run.Output);
    }

    private Task<Domain> StartAsync(string commandLine, Domain? served = null) => bed.Bed.CreateDomainAsync(
        new()
        {
            ImagePath = Images.Platform,
            CommandLine = commandLine,
            // xl 4.17 gives the first channel the number 0, which libxl then refuses, without an effect on the domain: the second one becomes console
            // 1.
            ExtraConfig = served is null ? "" : $"channel = [ '{Channel(served, "none")}', '{Channel(served, Name)}' ]\n",
        },
        TestContext.Current.CancellationToken);

    private static string Channel(Domain served, string name) => $"backend={served.Name},connection=pty,name={name}";
}
