using System.Globalization;
using System.Reflection;
using Soak;
using Xenolith.Bed;
using Xunit;

namespace Xenolith.Soak.Tests;

/// <summary>Hours in small: the whole runtime at work together, for as long as XENOLITH_SOAK_MINUTES says (2), in a domain of 96 MiB.</summary>
public sealed class SoakTests
{
    private const int Memory = 96;

    [Fact]
    public async Task The_runtime_works_on_and_on_and_its_memory_stays_flat()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        double minutes = double.Parse(Environment.GetEnvironmentVariable("XENOLITH_SOAK_MINUTES") ?? "2", CultureInfo.InvariantCulture);
        string image = typeof(SoakTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Soak").Value!;
        // Whoever waits sees the figures as they come.
        await using StreamWriter figures = Environment.GetEnvironmentVariable("XENOLITH_SOAK_FIGURES") is { } path ? new(path) { AutoFlush = true } : StreamWriter.Null;
        await using TestBed bed = await TestBed.StartAsync(cancellationToken: cancellation);
        await using Domain domain = await bed.CreateDomainAsync(
            new() { ImagePath = image, Memory = Memory, CommandLine = minutes.ToString(CultureInfo.InvariantCulture) }, cancellation);

        Task<DomainEnd> ended = domain.WaitForShutdownAsync(TimeSpan.FromMinutes((2 * minutes) + 10), cancellation);
        List<string> report = [];
        int output = 0, broken = 0;
        await foreach (string line in domain.Console.ReadLinesAsync(cancellation))
        {
            if (line.StartsWith("out ", StringComparison.Ordinal))
            {
                broken += IsWhole(line, output++) ? 0 : 1;
                continue;
            }
            report.Add(line);
            await figures.WriteLineAsync(line.AsMemory(), cancellation);
        }

        string all = string.Join('\n', report);
        DomainEnd end = await ended;
        Assert.True(end == new DomainEnd(ShutdownReason.Poweroff, 0), $"The domain ended as {end.Reason} with code {end.ExitCode?.ToString(CultureInfo.InvariantCulture) ?? "none"}:\n{all}");
        Assert.True(broken == 0, $"{broken} of {output} lines were not whole or not in order:\n{all}");
        Assert.Contains($"lines of output: {output};", all, StringComparison.Ordinal);
        Assert.Contains("memory flat: True, nothing lost: True", all, StringComparison.Ordinal);
    }

    /// <summary>out NUMBER TEXT CHECKSUM</summary>
    private static bool IsWhole(string line, int number)
    {
        int last = line.LastIndexOf(' ');
        return line.StartsWith($"out {number} ", StringComparison.Ordinal) && line[(last + 1)..] == $"{Checksum.Of(line[4..last]):x8}";
    }
}
