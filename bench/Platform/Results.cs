using Spectre.Console;
using Round = Xenolith.Bench.Round<System.Collections.Generic.IReadOnlyDictionary<string, double[]>>;

namespace Xenolith.Bench.Platform;

/// <summary>Prints what was measured: for each operation both sides and their ratio.</summary>
internal static class Results
{
    /// <summary>Times by the wall clock, in microseconds, or operations a second.</summary>
    public static Table WallClockTable(IReadOnlyList<Round> rounds) => ToTable(
        rounds, operation => operation.IsRate ? ("/s", nanoseconds => 1e9 / nanoseconds) : ("us", nanoseconds => nanoseconds / 1000));

    /// <summary>Instructions: the times of a machine whose nanosecond is one instruction.</summary>
    public static Table InstructionTable(IReadOnlyList<Round> rounds) => ToTable(rounds, _ => ("", nanoseconds => nanoseconds));

    private static Table ToTable(IReadOnlyList<Round> rounds, Func<Operation, (string Unit, Func<double, double> Convert)> unitOf)
    {
        Table table = new() { Border = TableBorder.Markdown };
        table.AddColumns("operation", "unit", "batches", "Xenolith", "least - most", "Linux", "least - most", "Linux / Xenolith, time");
        foreach (Operation operation in Operation.All.Where(operation => rounds[0].Unikernel.ContainsKey(operation.Key)))
        {
            (string unit, Func<double, double> convert) = unitOf(operation);
            double[] ours = [.. rounds.SelectMany(round => round.Unikernel[operation.Key])], theirs = [.. rounds.SelectMany(round => round.Linux[operation.Key])];
            Summary our = Summary.Of(ours.Select(convert)), their = Summary.Of(theirs.Select(convert));
            table.AddRow(
                operation.Title, unit, $"{ours.Length} of {operation.Rounds * operation.PerRound}",
                $"{our.Median:n0}", $"{our.Least:n0} - {our.Most:n0}", $"{their.Median:n0}", $"{their.Least:n0} - {their.Most:n0}",
                $"{Summary.Of(theirs).Median / Summary.Of(ours).Median:0.00}");
        }

        return table;
    }
}
