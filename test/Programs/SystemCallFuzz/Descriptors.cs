// The descriptors that calls may use, close and replace: the fuzzer's own, all of which are non-blocking.
namespace SystemCallFuzz;

internal sealed class Descriptors
{
    private const int Most = 48;

    private static readonly ulong[] Bad =
        [ulong.MaxValue, uint.MaxValue, int.MaxValue, 1ul << 31, 1ul << 63, 65535, 65536, 1ul << 32, (1ul << 32) + 1, 9_999, ulong.MaxValue - 99, 0xFFFF_FF9C];

    private readonly List<ulong> _open = [];

    /// <summary>A descriptor of the fuzzer's, or one that nobody has.</summary>
    internal ulong Any(Random random) => _open.Count == 0 || random.Next(5) == 0 ? Bad[random.Next(Bad.Length)] : _open[random.Next(_open.Count)];

    /// <summary>Takes over what a call has opened. Beyond a number, one for another.</summary>
    internal void Add(ulong descriptor, Random random)
    {
        if (_open.Contains(descriptor))
            return;
        if (_open.Count < Most)
        {
            _open.Add(descriptor);
            return;
        }
        int index = random.Next(Most);
        _ = Linux.Call(Linux.Close, _open[index]);
        _open[index] = descriptor;
    }

    internal bool Has(ulong descriptor) => _open.Contains(descriptor);

    internal void Forget(ulong descriptor) => _open.Remove(descriptor);

    internal void CloseAll()
    {
        foreach (ulong descriptor in _open)
            _ = Linux.Call(Linux.Close, descriptor);
        _open.Clear();
    }
}
