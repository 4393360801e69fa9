using Xenolith.Abi;
using Xenolith.Grants;
using Xenolith.Xenstore;

namespace Xenolith.Memory;

/// <summary>
/// The memory of the domain: figures, quick ones for every packet and exact ones for a report, giving memory back, and following the toolstack's
/// target.
/// </summary>
/// <remarks>Safe from any thread. All figures are bytes.</remarks>
public sealed class DomainMemory
{
    private readonly DomainOperations _operations;
    private readonly XenPlatform _platform;
    private readonly GrantTable _grants;
    private readonly FairSemaphore _following = new(1);
    private volatile MemoryBalloon? _balloon;

    internal DomainMemory(XenPlatform platform, DomainOperations operations, GrantTable grants)
    {
        _platform = platform;
        _operations = operations;
        _grants = grants;
    }

    /// <summary>What follows the toolstack's target; <see langword="null"/> while nothing does.</summary>
    public MemoryBalloon? Balloon => _balloon;

    /// <summary>
    /// Follows the toolstack's target for the domain's memory, <c>memory/target</c> in xenstore, which <c>xl mem-set</c> sets: gives memory back to
    /// Xen when it is below what the domain has, and takes it when it is above, up to what the domain's configuration calls <c>maxmem</c>. What
    /// cannot be given back now, because it is in use, and what Xen does not have, is tried again; the program goes on either way.
    /// </summary>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Gives up before that has begun.</param>
    /// <returns>What follows, until it is disposed of.</returns>
    /// <exception cref="InvalidOperationException">The target is followed already: <see cref="Balloon"/> is what does.</exception>
    /// <exception cref="PlatformNotSupportedException">
    /// The program is a process: the memory is Linux's, whose own driver follows the target.
    /// </exception>
    /// <exception cref="XenstoreException">xenstored cannot be reached, or refuses to let the node be watched.</exception>
    public async Task<MemoryBalloon> FollowTargetAsync(BalloonOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new BalloonOptions();
        options.Validate();
        if (!_platform.IsWholeDomain)
            throw new PlatformNotSupportedException("This program is a process: the domain's memory is the operating system's, which follows the target itself.");
        await _following.WaitAsync(cancellationToken);
        try
        {
            if (_balloon is not null)
                throw new InvalidOperationException("The toolstack's target for the memory is followed already (DomainMemory.Balloon; a .NET host with UseXen does so).");
            XenstoreWatch watch = await _platform.Xenstore.WatchAsync(BalloonTarget.Path, cancellationToken);
            return _balloon = new MemoryBalloon(this, _operations, _platform.Xenstore, watch, options, _platform.TimeProvider);
        }
        finally
        {
            _following.Release();
        }
    }

    internal void Forget(MemoryBalloon balloon) => Interlocked.CompareExchange(ref _balloon, null, balloon);

    /// <summary>
    /// Where the memory is. Reads the kernel's counters: no allocation, no system call, and the same time whatever the memory's size; cheap enough to
    /// ask before each packet whether there is room for it.
    /// </summary>
    public MemoryStatistics GetQuickStatistics() => MemoryStatistics.Of(_operations.ReadMemory());

    /// <summary>
    /// All that is known of the memory. Allocates, asks the garbage collector and takes the grant table's lock: for a report now and then. The parts
    /// are read one after the other, so what other threads do meanwhile is in some and not in others.
    /// </summary>
    public unsafe MemoryDetails GetStatistics()
    {
        HeapStatistics heap = _operations.ReadHeap();
        GrantStatistics grants = _grants.GetStatistics();
        long[] counts = new long[MemoryBlocks.Orders];
        MemoryInfo memory = _operations.ReadMemory();
        MemoryBlocks blocks = _operations.ReadFreeBlocks();
        for (int order = 0; order < counts.Length; order++)
            counts[order] = (long)blocks.Free[order]; // a local structure: its buffer does not move
        return new MemoryDetails(
            MemoryStatistics.Of(memory), heap, counts,
            Granted: (grants.Granted + grants.Reclaiming) * (long)SharedMemory.PageSize,
            Cached: grants.CachedPages * (long)SharedMemory.PageSize,
            Foreign: grants.MappedPages * (long)SharedMemory.PageSize);
    }

    /// <summary>
    /// Gives back what nobody needs: cached I/O pages, then what a full, compacting collection frees, then page tables that have become empty. The
    /// collection stops all threads for its time, some milliseconds for each ten megabytes of live objects; so this is for a program that has
    /// done something large and will be quiet for a while, not for a loop.
    /// </summary>
    /// <returns>The memory before and after.</returns>
    public TrimResult Trim()
    {
        MemoryStatistics before = GetQuickStatistics();
        _grants.ReleaseCachedPages();
        _operations.Trim();
        _balloon?.Retry();
        return new TrimResult(before, GetQuickStatistics());
    }

    /// <summary>As <see cref="Trim"/>, but not on the caller's time: it runs as a continuation of its own.</summary>
    /// <param name="cancellationToken">Gives up before it has begun; what has begun is finished.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<TrimResult> TrimAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        return Trim();
    }
}
