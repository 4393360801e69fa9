using Spectre.Console;

namespace Xenolith.Bench.Calls;

/// <summary>Prints what was measured: for each call both sides and their ratio.</summary>
internal static class Results
{
    /// <param name="calls">The rows.</param>
    /// <param name="unit">What is counted.</param>
    /// <param name="ours">The name of the first side, and its measurements.</param>
    /// <param name="theirs">The same of the second.</param>
    public static Table ToTable(
        IEnumerable<Call> calls, string unit, (string Name, IReadOnlyList<Measurement> Times) ours, (string Name, IReadOnlyList<Measurement> Times) theirs)
    {
        Table table = new() { Border = TableBorder.Markdown };
        table.AddColumns($"call, {unit}", ours.Name, "least - most", theirs.Name, "least - most", $"{theirs.Name} / {ours.Name}");
        foreach (Call call in calls)
        {
            Summary our = Summary.Of(ours.Times.SelectMany(times => times[call])), their = Summary.Of(theirs.Times.SelectMany(times => times[call]));
            table.AddRow(
                call.Title, Figure(our.Median), $"{Figure(our.Least)} - {Figure(our.Most)}", Figure(their.Median), $"{Figure(their.Least)} - {Figure(their.Most)}",
                $"{their.Median / our.Median:0.00}");
        }

        return table;
    }

    private static string Figure(double value) => value < 100 ? $"{value:0.0}" : $"{value:n0}";
}
