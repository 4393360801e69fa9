// What surrounds a program: its process, cultures, identifiers, signals, pipes, diagnostics, compression.
using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]

namespace Conformance;

internal static class Program
{
    private static int Main(string[] args) => args is ["arguments", ..]
        ? Surroundings.Arguments(args[1..])
        : Topics.Run(
            args,
            ("environment", Surroundings.Variables),
            ("process", Surroundings.ThisProcess),
            ("figures", Figures.Show),
            ("AppContext", Surroundings.Application),
            ("cultures", Surroundings.Cultures),
            ("identifiers", Surroundings.Identifiers),
            ("signals", Signals.Handled),
            ("pipes", Topics.Wait(Pipes.AnonymousAsync)),
            ("system pipes", Topics.Wait(Pipes.LinesAsync)),
            ("metrics", Diagnostics.Metrics),
            ("event source", Diagnostics.Events),
            ("activities", Diagnostics.Activities),
            ("compression", Compression.Streams),
            ("archive", Compression.Archive));
}
