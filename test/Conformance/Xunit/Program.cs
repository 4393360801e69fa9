// xunit itself, compiled ahead of time: finds the tests of this assembly, runs them and prints what became of each.
using System.Reflection;
using Xunit;
using Xunit.Runner.Common;
using Xunit.Sdk;
using Xunit.v3;

namespace Conformance;

internal static class Program
{
    private static async Task<int> Main()
    {
        // An image is one file: the assembly has no file of its own to be read from.
        XunitTestAssembly assembly = new(Assembly.GetExecutingAssembly(), configFilePath: null, assemblyPath: "/Xunit.dll");
        TestAssemblyConfiguration configuration = new() { ParallelMode = ParallelMode.Collections, MaxParallelThreads = 4 };
        TestContext.SetForInitialization(diagnosticMessageSink: null, diagnosticMessages: false, internalDiagnosticMessages: false);
        List<IXunitTestCase> cases = [];
        await new XunitTestFrameworkDiscoverer(assembly).Find(
            found =>
            {
                cases.Add((IXunitTestCase)found);
                return new(true);
            },
            TestFrameworkOptions.ForDiscovery(configuration));
        Console.WriteLine($"{cases.Count} test cases");

        Results results = new();
        await new XunitTestFrameworkExecutor(assembly).RunTestCases(cases, results, TestFrameworkOptions.ForExecution(configuration), CancellationToken.None);
        foreach (string line in results.Lines.Order(StringComparer.Ordinal))
            Console.WriteLine(line);
        return 0;
    }

    /// <summary>What xunit reports, from several threads.</summary>
    private sealed class Results : IMessageSink
    {
        private readonly Dictionary<string, string> _names = [];

        internal List<string> Lines { get; } = [];

        public bool OnMessage(IMessageSinkMessage message)
        {
            lock (_names)
            {
                switch (message)
                {
                    case ITestStarting starting:
                        _names[starting.TestUniqueID] = starting.TestDisplayName;
                        break;
                    case ITestPassed passed:
                        Lines.Add($"{_names[passed.TestUniqueID]}: passed{Output(passed.Output)}");
                        break;
                    case ITestFailed failed:
                        Lines.Add($"{_names[failed.TestUniqueID]}: failed: {failed.ExceptionTypes[0]}: {failed.Messages[0].ReplaceLineEndings(" | ")}");
                        break;
                    case ITestSkipped skipped:
                        Lines.Add($"{_names[skipped.TestUniqueID]}: skipped: {skipped.Reason}");
                        break;
                    case ITestAssemblyFinished finished:
                        Lines.Add($"~ {finished.TestsTotal} tests, {finished.TestsFailed} failed, {finished.TestsSkipped} skipped");
                        break;
                    case IErrorMessage error:
                        Lines.Add($"~ error {error.ExceptionTypes[0]}: {error.Messages[0]}");
                        break;
                }
            }
            return true;
        }

        private static string Output(string text) => text.Length == 0 ? "" : $", wrote {text.Trim()}";
    }
}
