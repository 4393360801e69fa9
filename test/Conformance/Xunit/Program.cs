// xunit.v3 itself, compiled ahead of time, discovers and runs the tests of this assembly: facts, theories, asynchronous tests, fixtures. What
// is printed are the results in the order of the tests' names, without times. The exit code is the number of tests whose result surprises.
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace Conformance;

internal static class Program
{
    private static async Task<int> Main()
    {
        Instantiations.Keep();
        Results results = new();
        TestContext.SetForInitialization(results, diagnosticMessages: false, internalDiagnosticMessages: false);
        Framework framework = new();
        ITestFrameworkDiscoverer discoverer = framework.GetDiscoverer(typeof(Program).Assembly);
        List<ITestCase> cases = [];
        await discoverer.Find(
            found =>
            {
                cases.Add(found);
                return new(true);
            },
            new Options());
        Console.WriteLine($"{cases.Count} cases");

        await framework.GetExecutor(typeof(Program).Assembly).RunTestCases(cases, results, new Options());
        return results.Print();
    }
}
