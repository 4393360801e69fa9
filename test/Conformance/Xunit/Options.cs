// xunit's options by name; one that is not set has xunit's default.
using Xunit.Sdk;

namespace Conformance;

internal sealed class Options : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
{
    private readonly Dictionary<string, object?> _values = new()
    {
        // The order of tests within a class: the default comes from the assembly's file.
        ["xunit.execution.Seed"] = 1,
        // Theories that are enumerated when they run need not be put into text in between.
        ["xunit.discovery.PreEnumerateTheories"] = false,
    };

    public TValue? GetValue<TValue>(string name) => _values.TryGetValue(name, out object? value) ? (TValue?)value : default;

    public void SetValue<TValue>(string name, TValue value) => _values[name] = value;

    public string ToJson() => "{}";
}
