using System.Diagnostics;
using System.Globalization;
using Xenolith.Bed;

namespace Xenolith.Bench.Calls;

/// <summary>The nanoseconds of one call in each batch, by the call's key: how one program, run to its end, told them.</summary>
internal sealed class Measurement
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, double[]> _times = [];

    public double[] this[Call call] => _times[call.Key];

    /// <summary>Runs the program as a domain.</summary>
    /// <param name="bed">Where.</param>
    /// <param name="kind">The domain; to its command line the plan is added.</param>
    /// <param name="calls">What to measure.</param>
    /// <param name="batches">How many batches of each.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<Measurement> OfDomainAsync(
        TestBed bed, DomainOptions kind, IReadOnlyList<Call> calls, int batches, CancellationToken cancellationToken)
    {
        DomainOptions options = kind with { CommandLine = $"{kind.CommandLine} {Plan(calls, batches)}".TrimStart() };
        await using Domain domain = await bed.CreateDomainAsync(options, cancellationToken);
        await domain.WaitForShutdownAsync(s_patience, cancellationToken);
        return new(domain.Console.Text, calls, batches);
    }

    /// <summary>Runs the program as a process of the host.</summary>
    public static async Task<Measurement> OfProcessAsync(string program, IReadOnlyList<Call> calls, int batches, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new(program, Plan(calls, batches)) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return new(output, calls, batches);
    }

    // One word, since Linux gives its first process no more than 32.
    private static string Plan(IEnumerable<Call> calls, int batches) =>
        $"{batches} {string.Join(',', calls.Select(call => $"{call.Key}:{call.Rounds}"))}";

    /// <summary>Reads the lines "measured NAME ROUNDS NANOSECONDS...".</summary>
    private Measurement(string output, IReadOnlyList<Call> calls, int batches)
    {
        string[] lines = output.Split('\n');
        foreach (Call call in calls)
        {
            string start = $"measured {call.Key} {call.Rounds} ";
            string? line = lines.FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal));
            double[] times = line is null ? [] : [.. line[start.Length..].TrimEnd().Split(' ').Select(time => double.Parse(time, CultureInfo.InvariantCulture) / call.Rounds)];
            if (times.Length != batches)
                throw new InvalidDataException($"{call.Key} was not measured:\n{output}");
            _times.Add(call.Key, times);
        }
    }
}
