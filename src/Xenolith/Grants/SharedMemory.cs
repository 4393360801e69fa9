using System.Buffers;

namespace Xenolith.Grants;

/// <summary>
/// Whole pages that this domain and another can both see: its own (<see cref="IoPages"/>) or another's (<see cref="ForeignMapping"/>). Rings are
/// built over it.
/// </summary>
/// <remarks>
/// The other domain may write at any time, whatever it should do: copy a value once, check the copy and use the copy. A span from here must not be
/// used after the memory was disposed of; <see cref="MemoryManager{T}.Memory"/> checks on each use, and pinning holds the pages.
/// </remarks>
public abstract unsafe class SharedMemory : MemoryManager<byte>
{
    /// <summary>Bytes of a page.</summary>
    public const int PageSize = 4096;

    private protected readonly byte* Start;
    private readonly int _length;

    private protected SharedMemory(nint address, int pages)
    {
        Start = (byte*)address;
        PageCount = pages;
        _length = checked(pages * PageSize);
    }

    /// <summary>Pages of the memory.</summary>
    public int PageCount { get; }

    /// <summary>Bytes of the memory.</summary>
    public int Length => _length;

    /// <summary>Address of the first byte, page-aligned. Valid until the memory is disposed of.</summary>
    public nint Address
    {
        get
        {
            ThrowIfUnusable(forWriting: false);
            return (nint)Start;
        }
    }

    /// <summary>False for a mapping that only allows reading.</summary>
    public abstract bool CanWrite { get; }

    /// <summary>All bytes, to read and write.</summary>
    /// <exception cref="InvalidOperationException">The memory is read-only: use <see cref="GetReadOnlySpan"/>.</exception>
    /// <exception cref="ObjectDisposedException">The memory was disposed of.</exception>
    public override Span<byte> GetSpan()
    {
        ThrowIfUnusable(forWriting: true);
        return new Span<byte>(Start, _length); // the pages stay until Dispose, which the caller promises to come later
    }

    /// <summary>All bytes, to read.</summary>
    /// <exception cref="ObjectDisposedException">The memory was disposed of.</exception>
    public ReadOnlySpan<byte> GetReadOnlySpan()
    {
        ThrowIfUnusable(forWriting: false);
        return new ReadOnlySpan<byte>(Start, _length);
    }

    /// <summary>The bytes of one page, to read and write.</summary>
    public Span<byte> GetPage(int page) => GetSpan().Slice(CheckPage(page) * PageSize, PageSize);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, _length);
        ThrowIfUnusable(forWriting: false);
        Hold();
        return new MemoryHandle(Start + elementIndex, pinnable: this);
    }

    /// <inheritdoc/>
    public override void Unpin() => Release();

    /// <summary>Keeps the pages although their owner may dispose of them.</summary>
    private protected abstract void Hold();

    /// <summary>Ends a <see cref="Hold"/>; the last one lets a disposal that came meanwhile proceed.</summary>
    private protected abstract void Release();

    private protected abstract void ThrowIfUnusable(bool forWriting);

    /// <summary>Whether what was read just before was there: throws if the memory was disposed of, or the domain resumed, in the meantime.</summary>
    internal void ThrowIfGone() => ThrowIfUnusable(forWriting: false);

    private protected int CheckPage(int page)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(page);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(page, PageCount);
        return page;
    }
}
