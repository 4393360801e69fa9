using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Soak;

/// <summary>Objects of every age and size come and go; those that live keep their content, and those that die have their finalizers run.</summary>
internal sealed class GarbageLoad : Load
{
    private const int Small = 600, Large = 8, Pinned = 30;

    private readonly Random _choice;
    private readonly byte[][] _small = new byte[Small][];
    private readonly byte[][] _large = new byte[Large][];
    private readonly (GCHandle Handle, nint Address)[] _pinned = new (GCHandle, nint)[Pinned];
    private readonly ConditionalWeakTable<byte[], object> _attached = [];
    private readonly Mortals _mortals = new();

    internal GarbageLoad(int number)
        : base("garbage")
    {
        // All are there from the start and keep their sizes: so much lives at every rest.
        _choice = new Random(100 + number);
        for (int i = 0; i < Small; i++)
            _small[i] = Make(SmallSize(i));
        for (int i = 0; i < Large; i++)
            _large[i] = Make(LargeSize(i));
    }

    internal override void Rest()
    {
        foreach (byte[]? array in _small.Concat(_large))
            Check(IsIntact(array), "an array that lives has changed");
        for (int i = 0; i < 3 && !_mortals.AllAreDead; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Check(_mortals.AllAreDead, $"finalizers: {_mortals}");
    }

    protected override void Work(Random random)
    {
        for (int i = 0; i < 100; i++)
        {
            Replace(_small, SmallSize);
            if (i % 25 == 0)
                Replace(_large, LargeSize);
        }
        Pin(random);
        MakeMortals(200);
        ReferWeakly();
        CheckTree(MakeTree(random.Next(6, 11)));

        if (random.Next(20) == 0)
            GC.Collect(random.Next(3), random.Next(2) == 0 ? GCCollectionMode.Forced : GCCollectionMode.Optimized, blocking: random.Next(2) == 0);
        if (random.Next(100) == 0)
        {
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        }
    }

    private static int SmallSize(int index) => 16 + (index * 10);

    private static int LargeSize(int index) => 86_000 + (index * 25_000);

    private void Replace(byte[][] arrays, Func<int, int> size)
    {
        int at = _choice.Next(arrays.Length);
        Check(IsIntact(arrays[at]), "an array has changed");
        arrays[at] = Make(size(at));
    }

    private byte[] Make(int size)
    {
        byte[] fresh = new byte[size];
        Check(!fresh.AsSpan().ContainsAnyExcept((byte)0), "a new array is not zero");
        fresh.AsSpan().Fill((byte)size);
        return fresh;
    }

    private static bool IsIntact(byte[] array) => !array.AsSpan().ContainsAnyExcept((byte)array.Length);

    private void Pin(Random random)
    {
        ref (GCHandle Handle, nint Address) slot = ref _pinned[random.Next(Pinned)];
        if (slot.Handle.IsAllocated)
        {
            byte[] array = (byte[])slot.Handle.Target!;
            Check(slot.Handle.AddrOfPinnedObject() == slot.Address && IsIntact(array), "a pinned array has moved or changed");
            Check(_attached.TryGetValue(array, out object? attached) && (int)attached == array.Length, "what was attached to an array is not there");
            slot.Handle.Free();
        }
        byte[] pinned = new byte[random.Next(16, 300)];
        pinned.AsSpan().Fill((byte)pinned.Length);
        _attached.Add(pinned, pinned.Length);
        slot.Handle = GCHandle.Alloc(pinned, GCHandleType.Pinned);
        slot.Address = slot.Handle.AddrOfPinnedObject();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void MakeMortals(int count)
    {
        for (int i = 0; i < count; i++)
            _ = new Mortal(_mortals);
    }

    private void ReferWeakly()
    {
        byte[] kept = _small[_choice.Next(Small)];
        WeakReference<byte[]> reference = new(kept);
        byte[] between = new byte[1000];
        Check(between[999] == 0 && reference.TryGetTarget(out byte[]? target) && target == kept, "a weak reference to what lives is empty");
        GC.KeepAlive(kept);
    }

    private static Node MakeTree(int depth) => new(depth == 0 ? null : MakeTree(depth - 1), depth == 0 ? null : MakeTree(depth - 1), depth);

    private void CheckTree(Node root) => Check(root.Count == (2 << root.Depth) - 1, "a tree has lost nodes");

    private sealed record Node(Node? Left, Node? Right, int Depth)
    {
        internal int Count => 1 + (Left?.Count ?? 0) + (Right?.Count ?? 0);
    }

    private sealed class Mortals
    {
        private long _born, _dead;

        internal bool AllAreDead => Interlocked.Read(ref _born) == Interlocked.Read(ref _dead);

        internal void Born() => Interlocked.Increment(ref _born);

        internal void Died() => Interlocked.Increment(ref _dead);

        public override string ToString() => $"{_born} objects made, {_dead} finalized";
    }

    private sealed class Mortal
    {
        private readonly Mortals _all;

        internal Mortal(Mortals all)
        {
            _all = all;
            all.Born();
        }

        ~Mortal() => _all.Died();
    }
}
