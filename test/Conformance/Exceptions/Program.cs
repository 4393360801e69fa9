// Exceptions: thrown by code, by the processor, on other threads, and through awaits.
namespace Conformance;

internal static class Program
{
    private static int Main(string[] args) => Topics.Run(
        args,
        ("order", Handling.Order),
        ("filters", Handling.Filters),
        ("rethrow", Handling.Rethrow),
        ("from finally", Handling.FromFinally),
        ("nested", Handling.Nested),
        ("deep", Handling.Deep),
        ("null", Faults.Null),
        ("arithmetic", Faults.Arithmetic),
        ("bounds and types", Faults.BoundsAndTypes),
        ("faults in a storm", Faults.Storm),
        ("initializers", Handling.Initializers),
        ("threads", Topics.Wait(Flows.ThreadsAsync)),
        ("awaits", Topics.Wait(Flows.AwaitsAsync)),
        ("aggregates", Topics.Wait(Flows.AggregatesAsync)),
        ("first chance", Flows.FirstChance));
}
