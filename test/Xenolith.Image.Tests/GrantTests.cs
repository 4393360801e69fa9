namespace Xenolith.Image.Tests;

/// <summary>Grants and the pages behind them, in one domain and between two.</summary>
public sealed class GrantTests(ImageBed bed)
{
    private const int Pages = 40; // more than the kernel hands to Xen at once

    [Fact]
    public async Task Every_call_refuses_what_cannot_be_right_and_says_why()
    {
        ImageRun run = (await bed.RunAsync(Images.Platform, "pages")).RequireSuccess();
        Assert.Equal(
            [
                "no pages: 0",
                "too many pages: 0",
                "more pages than there is memory: 0",
                "munmap: -1, errno 22",
                "mprotect: -1, errno 22",
                "madvise: -1, errno 22",
                "mremap: -1, errno 22",
                "mmap in their place: -1, errno 22",
                "free a part: -22",
                "free from the middle: -22",
                "free with more: -22",
                "free other memory: -22",
                "size: 0",
                "8 512 of 32768",
                "grant a page: 0",
                "grant it by the same reference: -16",
                "grant by the console's reference: -22",
                "grant by a reference beyond the table: -22",
                "grant half a page: -22",
                "grant other memory: -22",
                "free a granted page: -16",
                "end what grants nothing: -6",
                "end the console's: -22",
                "end: 0",
                "end again: -6",
                "32768 of 32768 after 63",
                "grow on: -28",
                "grant by the last reference: 0",
                "end it: 0",
                "granted one page so many times: 2047",
                "not ended: 0",
                "map of no domain: -22",
                "result: -2",
                "map nothing: -22",
                "map with flags: -22",
                "map where nothing can be written: -14",
                "unmap other memory: -22",
                "notify of it: -22",
                "copy: 0",
                "across a page: -10",
                "copy: 0",
                "from other memory: -5",
                "free: 0",
                "free again: -22",
                "MiB allocated and freed: 1000",
            ],
            run.Lines);
    }

    [Fact]
    public async Task Two_domains_see_what_either_writes_and_the_pages_are_busy_until_they_are_unmapped()
    {
        await using Pair pair = await StartAsync("use unmap", Pages);
        await pair.User.Console.WaitForLineAsync($"mapped {Pages}", cancellationToken: TestContext.Current.CancellationToken);
        await pair.AskAsync("show", $"bytes {string.Join(' ', Enumerable.Range(100, Pages))}");
        await pair.AskAsync("unshare", "unshare Busy");

        await pair.User.SendConsoleInputAsync("\n", TestContext.Current.CancellationToken);
        await pair.User.Console.WaitForLineAsync("unmapped, 0 left", cancellationToken: TestContext.Current.CancellationToken);
        await pair.AskAsync("event", "event");
        await pair.AskAsync("show", $"bytes 0 {string.Join(' ', Enumerable.Range(101, Pages - 1))}"); // the byte that the user wanted cleared
        await pair.AskAsync("unshare", "unshare Ended");

        await pair.User.SendConsoleInputAsync("\n", TestContext.Current.CancellationToken);
        ImageRun user = (await ImageBed.CompleteAsync(pair.User)).RequireSuccess();
        Assert.Equal(["ready", "copied 64: 40 40", "copied 1: 77", $"mapped {Pages}", "unmapped, 0 left"], user.Lines);
        await pair.EndAsync();
    }

    [Theory]
    [InlineData("exit")]
    [InlineData("throw")]
    public async Task The_end_of_a_program_tells_the_other_side_that_its_mapping_is_gone(string ending)
    {
        await using Pair pair = await StartAsync($"use {ending}", 1);
        await pair.User.Console.WaitForLineAsync("mapped 1", cancellationToken: TestContext.Current.CancellationToken);
        await pair.AskAsync("show", "bytes 100");
        await pair.User.SendConsoleInputAsync("\n", TestContext.Current.CancellationToken);
        await pair.AskAsync("event", "event");
        await pair.AskAsync("show", "bytes 0");
        ImageRun user = await ImageBed.CompleteAsync(pair.User);
        _ = ending == "exit" ? user.RequireSuccess() : user.RequireCrash();
        await pair.EndAsync();
    }

    [Fact]
    public async Task A_read_only_mapping_can_be_written_neither_by_the_program_nor_by_a_system_call()
    {
        await using Pair pair = await StartAsync("read", 1);
        ImageRun run = (await ImageBed.CompleteAsync(pair.User)).RequireCrash();
        Assert.Contains("holds 1", run.Lines);
        Assert.Contains("system call: -1, errno 14", run.Lines);
        Assert.Contains("mprotect: -1, errno 22", run.Lines);
        Assert.DoesNotContain("written", run.Lines);
        Assert.Contains("xenolith: program ended by SIG", run.Output);
        await pair.AskAsync("show", "bytes 1");
        await pair.EndAsync();
    }

    [Fact]
    public async Task An_access_to_a_page_of_another_domain_after_it_was_unmapped_ends_the_program()
    {
        await using Pair pair = await StartAsync("use unmap-and-read", 1);
        await pair.User.SendConsoleInputAsync("\n", TestContext.Current.CancellationToken);
        ImageRun run = (await ImageBed.CompleteAsync(pair.User)).RequireCrash();
        Assert.Contains("holds 100", run.Lines);
        Assert.DoesNotContain(run.Lines, line => line.StartsWith("read ", StringComparison.Ordinal));
        Assert.Contains("xenolith: program ended by SIG", run.Output);
        await pair.EndAsync();
    }

    [Fact]
    public async Task Mapping_again_and_again_leaves_nothing_behind()
    {
        await using Pair pair = await StartAsync("repeat", 200);
        ImageRun run = (await ImageBed.CompleteAsync(pair.User)).RequireSuccess();
        Assert.Contains("found 10000, 0 left", run.Lines);
        await pair.AskAsync("unshare", "unshare Ended");
        await pair.EndAsync();
    }

    /// <summary>Starts a domain that shares pages and one that is told of them.</summary>
    private async Task<Pair> StartAsync(string user, int pages)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Pair pair = new(
            await bed.Bed.CreateDomainAsync(new() { ImagePath = Images.Platform, CommandLine = "share" }, cancellation),
            await bed.Bed.CreateDomainAsync(new() { ImagePath = Images.Platform, CommandLine = user }, cancellation));
        await pair.Sharer.Console.WaitForLineAsync("ready", cancellationToken: cancellation);
        await pair.User.Console.WaitForLineAsync("ready", cancellationToken: cancellation);
        await pair.Sharer.SendConsoleInputAsync($"{pair.User.Id} {pages}\n", cancellation);
        string shared = await pair.Sharer.Console.WaitForLineAsync("sharing ", cancellationToken: cancellation);
        await pair.User.SendConsoleInputAsync($"{pair.Sharer.Id} {shared["sharing ".Length..].TrimEnd()}\n", cancellation);
        return pair;
    }

    private sealed record Pair(Domain Sharer, Domain User) : IAsyncDisposable
    {
        /// <summary>Asks the sharer, and requires its answer.</summary>
        internal async Task AskAsync(string question, string answer)
        {
            await Sharer.SendConsoleInputAsync($"{question}\n", TestContext.Current.CancellationToken);
            await Sharer.Console.WaitForLineAsync(answer, cancellationToken: TestContext.Current.CancellationToken);
        }

        internal async Task EndAsync()
        {
            await Sharer.SendConsoleInputAsync("end\n", TestContext.Current.CancellationToken);
            (await ImageBed.CompleteAsync(Sharer)).RequireSuccess();
        }

        public async ValueTask DisposeAsync()
        {
            await User.DisposeAsync();
            await Sharer.DisposeAsync();
        }
    }
}
