// What is to happen when a mapping of other domains' pages ends: the mappings for which something was asked, as a list, so that the end of the
// program finds them all.
using Xenolith.Abi;

namespace Xenolith.Kernel.Xen;

/// <summary>One mapping of pages of other domains, or of this one's own grants: what the kernel keeps of it beside the region.</summary>
internal unsafe struct ForeignMapping
{
    internal const uint NoPort = uint.MaxValue;

    /// <summary>True once an unmap was refused: its addresses are lost.</summary>
    internal bool IsBroken { get; set; }

    /// <summary>The byte to clear at the end; null for none.</summary>
    internal byte* Clear;

    /// <summary>The port to notify at the end; <see cref="NoPort"/> for none.</summary>
    internal uint Port;

    internal ForeignMapping* Next;
    internal ForeignMapping* Previous;
}

/// <summary>Starts zeroed. Not thread-safe.</summary>
internal unsafe struct UnmapNotifications
{
    private ForeignMapping* first;

    /// <summary>Says what is to happen when the mapping ends, in place of what was said before.</summary>
    internal void Set(ForeignMapping* mapping, byte* clear, uint port)
    {
        Remove(mapping);
        if (clear == null && port == ForeignMapping.NoPort)
            return;
        mapping->Clear = clear;
        mapping->Port = port;
        mapping->Next = first;
        if (first != null)
            first->Previous = mapping;
        first = mapping;
    }

    /// <summary>Takes a mapping out, and with it its wish.</summary>
    internal void Remove(ForeignMapping* mapping)
    {
        if (mapping->Previous != null)
            mapping->Previous->Next = mapping->Next;
        else if (first == mapping)
            first = mapping->Next;
        if (mapping->Next != null)
            mapping->Next->Previous = mapping->Previous;
        mapping->Next = mapping->Previous = null;
        mapping->Clear = null;
        mapping->Port = ForeignMapping.NoPort;
    }

    /// <summary>
    /// Does what was asked for a mapping: clears the byte and takes the mapping out. The port to notify then, or <see cref="ForeignMapping.NoPort"/>.
    /// </summary>
    internal uint Complete(ForeignMapping* mapping)
    {
        byte* clear = mapping->Clear;
        uint port = mapping->Port;
        // First out of the list: at the end of the program nothing is done twice, even if this faults.
        Remove(mapping);
        if (clear != null)
            *clear = 0;
        return port;
    }

    /// <summary>A mapping for which something was asked, or null.</summary>
    internal readonly ForeignMapping* First => first;
}
