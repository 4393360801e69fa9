using System.Globalization;
using System.Runtime.InteropServices;
using Xenolith;
using Xenolith.Memory;
using Xenolith.Xenstore;

namespace PlatformScenarios;

/// <summary>
/// The memory follows the toolstack's target while the program allocates. What it does is told in the domain's node <c>data</c>, and there it is told
/// to end: the test sets targets meanwhile.
/// </summary>
internal static class Balloon
{
    private const int MiB = 1 << 20, Piece = 64 << 10, Kibi = 1024;
    private const string StatusPath = "data/balloon", OrderPath = "data/order";

    private static DomainMemory Domain => XenPlatform.Current.Memory;

    private static XenstoreClient Store => XenPlatform.Current.Xenstore;

    /// <summary>
    /// Follows until the order "end" comes; meanwhile "keep N" has it hold N MiB, "churn" allocate all the time, as much as fits, and "spread" use a
    /// page here and there for a moment.
    /// </summary>
    internal static async Task<int> FollowAsync(string[] args)
    {
        await using IAsyncDisposable suspension = await XenPlatform.Current.Lifecycle.AllowSuspendAsync();
        await using MemoryBalloon balloon = await Domain.FollowTargetAsync();
        await using XenstoreWatch orders = await Store.WatchAsync(OrderPath);
        using Load load = new();
        List<byte[]> kept = [];
        string? last = null;
        Task telling = TellAsync(balloon);
        while (last != "end")
        {
            await orders.ReadAsync();
            string? order = await Store.ReadAsync(OrderPath);
            if (order is null || order == last)
                continue;
            last = order;
            string answer = "done";
            if (order.Split(' ') is ["keep", string count, ..])
                answer = Keep(kept, int.Parse(count, CultureInfo.InvariantCulture));
            else if (order.StartsWith("churn", StringComparison.Ordinal))
                load.Start();
            else if (order.StartsWith("spread", StringComparison.Ordinal))
                answer = Spread();
            else if (order.StartsWith("rest", StringComparison.Ordinal))
                load.Stop();
            MemoryStatistics now = Domain.GetQuickStatistics();
            await Store.WriteAsync("data/answer", $"{order}: {answer}");
            Console.WriteLine($"{order}: {answer}; {balloon.Status}; free {now.Free / Kibi} KiB, available {now.Available / Kibi} KiB, "
                + $"heap {GC.GetTotalMemory(false) / Kibi} KiB of {GC.GetGCMemoryInfo(GCKind.Any).TotalAvailableMemoryBytes / Kibi} KiB, "
                + $"{XenPlatform.Current.Generation}");
        }
        await load.EndAsync();
        Console.WriteLine($"rounds {load.Rounds}\nfailures {load.Failures}\ntotal {Domain.GetQuickStatistics().Total}");
        await balloon.DisposeAsync();
        await telling;
        return load.Failures == 0 ? 0 : 1;
    }

    /// <summary>Writes each status where the test waits for it.</summary>
    private static async Task TellAsync(MemoryBalloon balloon)
    {
        BalloonStatus told = default;
        try
        {
            while (true)
            {
                told = await balloon.WaitAsync(now => now != told);
                await Store.WriteAsync(StatusPath, $"{told.State} {told.Target / Kibi} {told.Current / Kibi}");
            }
        }
        catch (ObjectDisposedException)
        {
        }
    }

    private static string Keep(List<byte[]> kept, int mebibytes)
    {
        kept.RemoveRange(Math.Min(kept.Count, mebibytes * (MiB / Piece)), Math.Max(0, kept.Count - (mebibytes * (MiB / Piece))));
        kept.TrimExcess();
        try
        {
            while (kept.Count < mebibytes * (MiB / Piece))
                kept.Add(Load.Filled(kept.Count));
        }
        catch (OutOfMemoryException)
        {
            int reached = kept.Count * Piece / MiB;
            kept.RemoveRange(kept.Count - (4 * (MiB / Piece)), 4 * (MiB / Piece)); // to go on with
            return $"out of memory at {reached} MiB";
        }
        for (int i = 0; i < kept.Count; i++)
        {
            if (!Load.IsIntact(kept[i], i))
                return "damaged";
        }
        return $"{kept.Count * Piece / MiB} MiB";
    }

    /// <summary>Touches one page in each 2 MiB of 4 GiB and lets go of them: their page tables stay. How many MiB those are.</summary>
    private static string Spread()
    {
        const int block = 2 * MiB;
        long size = 2048L * block;
        long before = Domain.GetQuickStatistics().PageTables;
        nint start = Native.Map(0, (nuint)size, protection: 0, flags: 0x4022, -1, 0); // NORESERVE, of nobody but this program
        for (nint address = start; address < start + size; address += block)
        {
            if (Native.Protect(address, 4096, protection: 3) != 0)
                return $"no memory at {(address - start) / MiB} MiB";
            Marshal.WriteByte(address, 1);
            _ = Native.Unmap(address, 4096);
        }
        _ = Native.Unmap(start, (nuint)size);
        return $"{(Domain.GetQuickStatistics().PageTables - before) / MiB} MiB of page tables";
    }

    /// <summary>A cache that takes what it can have and lets go of some when little is left, in a thread that allocates all the time.</summary>
    private sealed class Load : IDisposable
    {
        private const long Low = 12 * MiB, High = 20 * MiB;

        private readonly List<byte[]> _cache = [];
        private readonly ManualResetEventSlim _go = new();
        private readonly Thread _thread;
        private volatile bool _end;

        internal Load() => (_thread = new Thread(Run) { IsBackground = true }).Start();

        internal long Rounds { get; private set; }

        /// <summary>Allocations that failed although there was memory, and pieces that were damaged.</summary>
        internal long Failures { get; private set; }

        internal static byte[] Filled(int seed)
        {
            byte[] piece = GC.AllocateUninitializedArray<byte>(Piece);
            Array.Fill(piece, (byte)seed);
            return piece;
        }

        internal static bool IsIntact(byte[] piece, int seed) => !piece.AsSpan().ContainsAnyExcept((byte)seed);

        internal void Start() => _go.Set();

        internal void Stop() => _go.Reset();

        internal async Task EndAsync()
        {
            _end = true;
            _go.Set();
            await Task.Run(_thread.Join);
        }

        public void Dispose() => _go.Dispose();

        private void Run()
        {
            Random random = new(1);
            while (true)
            {
                _go.Wait();
                if (_end)
                    return;
                try
                {
                    Rounds++;
                    long available = Domain.GetQuickStatistics().Available;
                    if (available > High)
                    {
                        _cache.Add(Filled(_cache.Count));
                    }
                    else if (available < Low && _cache.Count > 0)
                    {
                        int kept = _cache.Count * 3 / 4;
                        _cache.RemoveRange(kept, _cache.Count - kept);
                        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
                    }
                    if (_cache.Count > 0)
                    {
                        int at = random.Next(_cache.Count);
                        if (!IsIntact(_cache[at], at))
                        {
                            Console.WriteLine($"a piece is damaged: {at}");
                            Failures++;
                        }
                        _cache[at] = Filled(at);
                    }
                }
                catch (OutOfMemoryException)
                {
                    MemoryStatistics now = Domain.GetQuickStatistics();
                    Console.WriteLine($"out of memory: {now}");
                    Failures++;
                }
            }
        }
    }
}
