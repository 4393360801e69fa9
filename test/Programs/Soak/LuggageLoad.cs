namespace Soak;

/// <summary>
/// What only lies there must be the same at each rest: a large array, a large file and many small objects; and a count that a thread goes on with
/// must have no gap.
/// </summary>
internal sealed class LuggageLoad : Load
{
    private const int Size = 3 << 20, Objects = 5_000;

    private readonly string _file = Path.Combine(Path.GetTempPath(), "luggage");
    private readonly byte[] _large = Content(1);
    private readonly string[] _small = [.. Enumerable.Range(0, Objects).Select(i => $"{i}")];
    private readonly List<long> _counted = [];
    private long _next;

    internal LuggageLoad()
        : base("luggage") => File.WriteAllBytes(_file, Content(2));

    internal override string Remark => $"counted to {_next}";

    internal override void Rest()
    {
        Check(_large.AsSpan().SequenceEqual(Content(1)), "the large array has changed");
        Check(File.ReadAllBytes(_file).AsSpan().SequenceEqual(Content(2)), "the large file has changed");
        Check(_small.Index().All(entry => entry.Item == $"{entry.Index}"), "a small object has changed");
        Check(_counted.Index().All(entry => entry.Item == _next - _counted.Count + entry.Index), "a count is missing or there twice");
        _counted.Clear();
    }

    protected override void Work(Random random)
    {
        for (int i = 0; i < 50; i++)
            _counted.Add(_next++);
        Pause(5);
    }

    private static byte[] Content(int seed)
    {
        byte[] content = new byte[Size];
        new Random(seed).NextBytes(content);
        return content;
    }
}
