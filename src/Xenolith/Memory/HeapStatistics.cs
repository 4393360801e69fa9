namespace Xenolith.Memory;

/// <summary>The garbage collector's heap, in bytes; it is part of <see cref="MemoryStatistics.Program"/>.</summary>
/// <param name="Used">Objects, those among them that nobody refers to any more and the next collection will find.</param>
/// <param name="Committed">Memory that the collector had for them after its last collection; 0 before the first.</param>
/// <param name="Fragmented">Gaps between objects after the last collection.</param>
public readonly record struct HeapStatistics(long Used, long Committed, long Fragmented);
