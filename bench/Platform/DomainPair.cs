using System.Globalization;
using Xenolith.Bed;

namespace Xenolith.Bench.Platform;

/// <summary>Two domUs of one kind: a server, which offers a port and pages, and a client, which measures.</summary>
internal static class DomainPair
{
    /// <summary>Emulation is slow, and instruction by instruction slower yet.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    /// <summary>xl.cfg(5)'s default is 1023.</summary>
    private const string ManyPorts = "max_event_channels = 4095";

    /// <summary>Runs a pair to the client's end.</summary>
    /// <param name="bed">Where.</param>
    /// <param name="kind">What both have in common; to the command line the role is added.</param>
    /// <param name="operations">What to measure.</param>
    /// <param name="batches">How many batches of each.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>For each operation, by its key, the nanoseconds of one, in each batch.</returns>
    public static async Task<IReadOnlyDictionary<string, double[]>> MeasureAsync(
        TestBed bed, DomainOptions kind, IReadOnlyList<Operation> operations, int batches, CancellationToken cancellationToken)
    {
        string plan = string.Join(' ', operations.Select(operation => $"{operation.Key}:{operation.Rounds}"));
        await using Domain server = await CreateAsync("server");
        await using Domain client = await CreateAsync($"client {batches} {plan}");

        // Each needs the other's number, so both are there before either runs. What the server offers goes to the client by way of dom0, which
        // may read and write everything.
        await bed.Xenstore.WriteAsync(PathOf(server, "peer"), client.Id.ToString(CultureInfo.InvariantCulture), cancellationToken);
        await server.UnpauseAsync(cancellationToken);
        string? offer = await bed.Xenstore.WaitAsync(PathOf(server, "offer"), value => value is not null, s_patience, cancellationToken);
        await bed.Xenstore.WriteAsync(PathOf(client, "peer"), $"{server.Id} {offer}", cancellationToken);
        await client.UnpauseAsync(cancellationToken);
        await client.WaitForShutdownAsync(s_patience, cancellationToken);
        return operations.ToDictionary(operation => operation.Key, operation => Read(client.Console.Text, operation, batches));

        Task<Domain> CreateAsync(string role) =>
            bed.CreateDomainAsync(kind with { CommandLine = $"{kind.CommandLine} {role}".TrimStart(), Paused = true, ExtraConfig = ManyPorts }, cancellationToken);
    }

    private static string PathOf(Domain domain, string key) => $"/local/domain/{domain.Id}/data/{key}";

    /// <summary>Reads the line "measured KEY ROUNDS NANOSECONDS...".</summary>
    private static double[] Read(string console, Operation operation, int batches)
    {
        string start = $"measured {operation.Key} {operation.Rounds} ";
        string? line = console.Split('\n').FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal));
        double[] times = line is null
            ? []
            : [.. line[start.Length..].TrimEnd().Split(' ').Select(time => double.Parse(time, CultureInfo.InvariantCulture) / operation.Rounds / operation.PerRound)];
        return times.Length == batches ? times : throw new InvalidDataException($"{operation.Key} was not measured:\n{console}");
    }
}
