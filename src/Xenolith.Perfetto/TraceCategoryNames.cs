using Xenolith.Tracing;

namespace Xenolith.Perfetto;

/// <summary>What can be traced, as it is named on a command line.</summary>
public static class TraceCategoryNames
{
    private static readonly (string Name, TraceCategories Value)[] s_names =
    [
        ("gc", TraceCategories.GarbageCollection),
        ("scheduler", TraceCategories.Scheduler),
        ("timers", TraceCategories.Timers),
        ("events", TraceCategories.Events),
        ("grants", TraceCategories.Grants),
        ("xenstore", TraceCategories.Xenstore),
        ("faults", TraceCategories.PageFaults),
        ("program", TraceCategories.User),
        ("default", TraceCategories.Default),
        ("all", TraceCategories.All),
    ];

    /// <summary>The names, with commas.</summary>
    public static string All { get; } = string.Join(", ", s_names.Select(entry => entry.Name));

    /// <summary>Reads names with commas between them.</summary>
    /// <returns>False if one is not known, or there is none.</returns>
    public static bool TryParse(string text, out TraceCategories categories)
    {
        ArgumentNullException.ThrowIfNull(text);
        categories = TraceCategories.None;
        foreach (string word in text.Split(',', StringSplitOptions.TrimEntries))
        {
            TraceCategories value = s_names.FirstOrDefault(entry => entry.Name == word).Value;
            if (value == TraceCategories.None)
                return false;
            categories |= value;
        }
        return true;
    }
}
