// Clocks, delays, timers and time zones.
namespace Conformance;

internal static class Program
{
    private static int Main(string[] args) => Topics.Run(
        args,
        ("clocks", Clocks.Advance),
        ("scale", Clocks.Scale),
        ("sleep", Clocks.Sleep),
        ("delays", Topics.Wait(Timers.DelaysAsync)),
        ("timers", Topics.Wait(Timers.PeriodicAsync)),
        ("a timer's changes", Timers.Changes),
        ("ten thousand", Topics.Wait(Timers.TenThousandAsync)),
        ("time zones", Zones.Show),
        ("packed zones", Zones.Packed),
        ("local zone", Zones.Local),
        ("calendar", Zones.Calendar));
}
