using Xenolith.Abi;

namespace Xenolith.Tracing;

/// <summary>
/// Tracing as one place does it: where the ring is and who writes it. <see cref="DomainTracing"/> is built on this; programs use that.
/// </summary>
/// <remarks>Safe from any thread, but for <see cref="Start"/> and <see cref="Stop"/>, of which one is called at a time, in turn.</remarks>
internal abstract class TraceOperations
{
    /// <summary>What this place records by itself, below the libraries.</summary>
    public abstract TraceCategories Own { get; }

    /// <summary>What this place can record by itself or be told by the libraries.</summary>
    public abstract TraceCategories Supported { get; }

    /// <summary>Begins to record into a new ring.</summary>
    /// <param name="records">Size of the ring, a power of two.</param>
    /// <param name="categories">What is recorded.</param>
    /// <param name="ring">The ring, to be read until <see cref="Stop"/>.</param>
    public abstract XenError Start(uint records, TraceCategories categories, out TraceRing? ring);

    /// <summary>Records no more, and gives up the ring.</summary>
    public abstract void Stop();

    /// <summary>Writes a record. Does nothing when there is no trace. Does not allocate.</summary>
    public abstract void Write(ushort kind, uint count, uint detail, ulong value);

    /// <summary>A thread's name; <see langword="null"/> if it has none or is not known.</summary>
    public abstract string? GetThreadName(uint thread);
}
