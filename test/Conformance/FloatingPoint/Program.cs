// Floating point and vectors: every thread's registers are its own, whatever interrupts it.
namespace Conformance;

internal static class Program
{
    private static int Main(string[] args) => Topics.Run(
        args,
        ("numbers", Numbers.Show),
        ("vectors", Numbers.Vectors),
        ("rounding", Control.RoundingModes),
        ("registers", Torture.Run));
}
