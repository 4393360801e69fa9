// Gathers what xunit reports.
using System.Collections.Concurrent;
using Xunit.Sdk;

namespace Conformance;

internal sealed class Results : IMessageSink
{
    /// <summary>Tests that fail on purpose say so in their name.</summary>
    private const string OnPurpose = "_fails";

    private readonly ConcurrentDictionary<string, string> _names = [];
    private readonly ConcurrentBag<(string Name, string Result)> _results = [];
    private ITestAssemblyFinished? _finished;

    public bool OnMessage(IMessageSinkMessage message)
    {
        switch (message)
        {
            case ITestStarting started:
                _names[started.TestUniqueID] = started.TestDisplayName;
                break;
            case ITestPassed passed:
                Add(passed.TestUniqueID, passed.Output is { Length: > 0 } output ? $"passed, having written [{output.TrimEnd()}]" : "passed");
                break;
            case ITestFailed failed:
                Add(failed.TestUniqueID, $"failed, {failed.ExceptionTypes[0]}: {failed.Messages[0].ReplaceLineEndings(" | ")}");
                break;
            case ITestSkipped skipped:
                Add(skipped.TestUniqueID, $"skipped: {skipped.Reason}");
                break;
            case ITestAssemblyFinished finished:
                _finished = finished;
                break;
            case IErrorMetadata error:
                _results.Add(("~error", $"{message.GetType().Name}: {string.Join(" / ", error.Messages)}\n{string.Join('\n', error.StackTraces)}"));
                break;
        }
        return true;
    }

    /// <summary>Prints all; the number of those that should not be.</summary>
    internal int Print()
    {
        int surprises = 0;
        foreach ((string name, string result) in _results.OrderBy(r => r.Name, StringComparer.Ordinal).ThenBy(r => r.Result, StringComparer.Ordinal))
        {
            Console.WriteLine($"{name}: {result}");
            if (result.StartsWith("failed", StringComparison.Ordinal) != name.Contains(OnPurpose) || name.StartsWith('~'))
                surprises++;
        }
        Console.WriteLine($"{_finished?.TestsTotal} tests, {_finished?.TestsFailed} failed, {_finished?.TestsSkipped} skipped, {surprises} unexpected");
        return _finished is null ? 1 : surprises;
    }

    private void Add(string test, string result) => _results.Add((_names[test], result));
}
