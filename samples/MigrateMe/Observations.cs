using System.Collections.Concurrent;

namespace MigrateMe;

/// <summary>What went wrong, as far as anybody noticed.</summary>
internal sealed class Observations
{
    private readonly ConcurrentQueue<string> _problems = new();

    internal IReadOnlyCollection<string> Problems => _problems;

    internal void Add(string problem)
    {
        if (_problems.Count < 20)
            _problems.Enqueue(problem);
    }
}
