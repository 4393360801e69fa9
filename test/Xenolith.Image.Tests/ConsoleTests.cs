namespace Xenolith.Image.Tests;

/// <summary>The console carries all that a program writes, once and in order.</summary>
public sealed class ConsoleTests(ImageBed bed)
{
    [Fact]
    public async Task Ten_thousand_lines_arrive_in_order()
    {
        ImageRun run = (await bed.RunScenarioAsync("lines", "10000")).RequireSuccess();
        Assert.Equal(string.Concat(Enumerable.Range(1, 10_000).Select(i => $"line {i}\n")), run.Output);
    }

    [Fact]
    public async Task A_megabyte_of_arbitrary_bytes_arrives_unchanged()
    {
        const string count = "1048576";
        LinuxProcess process = await LinuxProcess.RunAsync(Images.Scenarios, ["bytes", count]);
        ImageRun run = (await bed.RunScenarioAsync("bytes", count)).RequireSuccess();
        Assert.Equal(1 << 20, process.Bytes.Length);
        Assert.Equal(256, process.Bytes.Distinct().Count());
        Assert.True(process.Bytes.AsSpan().IndexOf("\r\n"u8) >= 0 && process.Bytes.AsSpan().IndexOf("\r\r\n"u8) >= 0 && process.Bytes.AsSpan().IndexOf("\n\r"u8) >= 0);
        Assert.Equal(process.Bytes.Length, run.Bytes.Length);
        Assert.Equal(-1, run.Bytes.Span.CommonPrefixLength(process.Bytes) is int same && same == process.Bytes.Length ? -1 : same);
    }

    [Fact]
    public async Task Lines_of_several_threads_are_not_torn()
    {
        const int threads = 6, lines = 60;
        ImageRun run = (await bed.RunScenarioAsync("write-from-threads", $"{threads}", $"{lines}")).RequireSuccess();
        string[] expected = [.. Enumerable.Range(0, threads).SelectMany(t => Enumerable.Range(0, lines).Select(i => Line(t, i)))];
        Assert.Equal(expected.Order(StringComparer.Ordinal), run.Lines.Order(StringComparer.Ordinal));
        for (int t = 0; t < threads; t++)
            Assert.Equal(expected[(t * lines)..((t + 1) * lines)], run.Lines.Where(l => l.StartsWith($"thread {t} ", StringComparison.Ordinal)));

        static string Line(int thread, int line) => $"thread {thread} line {line} {new string((char)('a' + thread), 200 + line)}";
    }

    [Fact]
    public async Task What_is_typed_reaches_the_program()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using Domain domain = await bed.Bed.CreateDomainAsync(new() { ImagePath = Images.Scenarios, CommandLine = "echo" }, cancellation);
        await domain.Console.WaitForLineAsync("ready", cancellationToken: cancellation);
        await domain.SendConsoleInputAsync("first\n", cancellation);
        await domain.Console.WaitForLineAsync("got [first]", cancellationToken: cancellation);
        string longer = new('x', 3000); // more than the ring holds
        await domain.SendConsoleInputAsync($"ünï\n{longer}\nend\n", cancellation);

        ImageRun run = (await ImageBed.CompleteAsync(domain)).RequireSuccess();
        Assert.Equal($"ready\ngot [first]\ngot [ünï]\ngot [{longer}]\n", run.Output);
    }
}
