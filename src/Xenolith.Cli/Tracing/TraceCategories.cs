using System.CommandLine;
using Xenolith.Abi;

namespace Xenolith.Cli.Tracing;

/// <summary>What can be traced, as it is named on the command line.</summary>
internal static class TraceCategories
{
    private const uint Default = TraceCategory.Gc | TraceCategory.Scheduler | TraceCategory.Timers | TraceCategory.Events | TraceCategory.Grants
        | TraceCategory.Xenstore | TraceCategory.User;

    private static readonly (string Name, uint Bits)[] s_names =
    [
        ("gc", TraceCategory.Gc),
        ("scheduler", TraceCategory.Scheduler),
        ("timers", TraceCategory.Timers),
        ("events", TraceCategory.Events),
        ("grants", TraceCategory.Grants),
        ("xenstore", TraceCategory.Xenstore),
        ("faults", TraceCategory.PageFaults),
        ("program", TraceCategory.User),
        ("default", Default),
        ("all", Default | TraceCategory.PageFaults),
    ];

    /// <summary>The option that says what is traced.</summary>
    internal static Option<string> CreateOption(params string[] names)
    {
        string all = string.Join(", ", s_names.Select(entry => entry.Name));
        Option<string> option = new(names[0], names[1..])
        {
            Description = $"What to trace, with commas: {all}. The default is all but faults.",
            HelpName = "LIST",
            DefaultValueFactory = _ => "default",
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && Parse(token.Value) == 0)
                result.AddError($"{names[0]} takes some of: {all}.");
        });
        return option;
    }

    /// <summary>The bits of <see cref="TraceCategory"/> for names with commas between them; 0 if one is not known.</summary>
    internal static uint Parse(string text)
    {
        uint categories = 0;
        foreach (string word in text.Split(',', StringSplitOptions.TrimEntries))
        {
            uint bits = s_names.FirstOrDefault(entry => entry.Name == word).Bits;
            if (bits == 0)
                return 0;
            categories |= bits;
        }
        return categories;
    }
}
