// What frames are used for: each that is handed out counts for one use until it is given back.
namespace Xenolith.Kernel.Memory;

internal enum FrameUse
{
    /// <summary>The kernel's own objects, and all that has no use of its own here.</summary>
    Kernel,

    /// <summary>Memory of the program that it has touched: mappings, heaps, stacks.</summary>
    Program,

    /// <summary>Pages that can be granted to other domains.</summary>
    Shared,

    /// <summary>Page tables, those of the direct map among them.</summary>
    PageTables,

    /// <summary>Kernel stacks, with the structure and the extended state of their threads.</summary>
    Threads,

    /// <summary>Files: their content, names and attributes.</summary>
    Files,

    /// <summary>How many uses there are.</summary>
    Count,
}
