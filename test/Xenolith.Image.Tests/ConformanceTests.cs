using System.Text;
using Xenolith.Sdk.Toolstack;

namespace Xenolith.Image.Tests;

/// <summary>The programs below test/Conformance print as a domU, line by line, what they print as a Linux process.</summary>
public sealed class ConformanceTests(ImageBed bed)
{
    [Theory]
    [InlineData(48)]
    [InlineData(256)]
    public Task Threads(int memory) => SameAsync("Threads", memory);

    [Theory]
    [InlineData(false, false, 64)]
    [InlineData(false, true, 64)]
    [InlineData(true, false, 96)]
    [InlineData(true, true, 96)]
    public Task Garbage(bool server, bool concurrent, int memory) => SameAsync(
        server ? "GarbageServer" : "Garbage",
        memory,
        // With one processor a server's collector is a workstation's: two are claimed.
        environment: new() { ["DOTNET_gcConcurrent"] = concurrent ? "1" : "0", ["DOTNET_PROCESSOR_COUNT"] = server ? "2" : "1" });

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public Task Garbage_at_the_end_of_a_limited_heap(bool server, bool concurrent) => SameAsync(
        server ? "GarbageServer" : "Garbage",
        128,
        ["exhaustion"],
        new()
        {
            ["DOTNET_GCHeapHardLimit"] = "4000000",
            ["DOTNET_gcConcurrent"] = concurrent ? "1" : "0",
            ["DOTNET_PROCESSOR_COUNT"] = server ? "2" : "1",
        });

    [Fact]
    public Task Exceptions() => SameAsync("Exceptions");

    [Fact]
    public Task Time() => SameAsync("Time", environment: new() { ["TZ"] = "UTC" }); // whatever the host's is

    [Theory]
    [InlineData("Australia/Lord_Howe")]
    [InlineData(":Europe/Zurich")]
    [InlineData("Nowhere/At_All")]
    public Task Local_time(string zone) => SameAsync("Time", arguments: ["local zone"], environment: new() { ["TZ"] = zone });

    [Fact]
    public Task FloatingPoint() => SameAsync("FloatingPoint", 48);

    [Fact]
    public Task System_calls() => SameAsync("SystemCalls", 48);

    [Fact]
    public Task Environment() => SameAsync("Environment", 48);

    [Fact]
    public Task Xunit() => SameAsync("Xunit", 96);

    [Fact]
    public Task Arguments_and_exit_codes() => SameAsync("Environment", arguments: ["arguments", "a", "b c", "ü\"\\"], exitCode: 3);

    [Fact]
    public Task Console() => SameAsync(
        "Console",
        input: $"ünï ℂ 🦄\n€ rest\n\nend of\ttab\n{new string('x', 3000)}\n\u05e2\u05d1\n{string.Concat(Enumerable.Range(0, 500).Select(i => $"line {i} ä\n"))}end\n");

    [Fact]
    public Task Ten_megabytes_of_output() => SameAsync("Console", arguments: ["much"], minutes: 10);

    /// <summary>Runs a program both ways.</summary>
    /// <param name="program">The program's folder.</param>
    /// <param name="memory">The domain's memory in MiB.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Its environment.</param>
    /// <param name="input">What it is told once it is ready, as its output says.</param>
    /// <param name="exitCode">How it ends.</param>
    /// <param name="minutes">How long it may take, with other work on the host: a program that hangs is told from one that is slow.</param>
    private async Task SameAsync(
        string program, int memory = 32, string[]? arguments = null, Dictionary<string, string>? environment = null, string input = "", int exitCode = 0, int minutes = 5)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        string image = Images.Conformance(program);
        LinuxProcess process = await LinuxProcess.RunAsync(image, arguments ?? [], environment, input);
        await using Domain domain = await bed.Bed.CreateDomainAsync(
            new() { ImagePath = image, CommandLine = GuestCommandLine.Join(environment ?? [], arguments ?? []), Memory = memory }, cancellation);
        if (input.Length > 0)
        {
            await domain.Console.WaitForLineAsync("ready", cancellationToken: cancellation);
            await domain.SendConsoleInputAsync(input, cancellation);
        }
        ImageRun run = await ImageBed.CompleteAsync(domain, TimeSpan.FromMinutes(minutes));

        // The kernel's line about an exit code is not the program's.
        string exitLine = exitCode == 0 ? "" : $"xenolith: exit code {exitCode}\n";
        byte[] expected = [.. process.Bytes, .. Encoding.UTF8.GetBytes(exitLine)];
        int same = expected.AsSpan().CommonPrefixLength(run.Bytes.Span);
        Assert.True(
            same == expected.Length && same == run.Bytes.Length,
            $"From line {expected.AsSpan(0, same).Count((byte)'\n') + 1} on, on Linux, with exit code {process.ExitCode}:\n{From(expected, same)}\nas a domU, which ended as {run.End}:\n{From(run.Bytes.Span, same)}");
        Assert.Equal(exitCode, process.ExitCode);
        Assert.Equal(new DomainEnd(ShutdownReason.Poweroff, exitCode), run.End);
    }

    /// <summary>The line in which a position lies and some of what follows.</summary>
    private static string From(ReadOnlySpan<byte> bytes, int position)
    {
        const int shown = 2000;
        int start = bytes[..position].LastIndexOf((byte)'\n') + 1;
        return Encoding.UTF8.GetString(bytes[start..Math.Min(bytes.Length, position + shown)]);
    }
}
