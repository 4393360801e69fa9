// The event channels of the program: which ports are its own, which it wants masked, and which have fired and are not taken yet.
using Xenolith.Abi;

namespace Xenolith.Kernel.Xen;

/// <summary>A word a port, in pages that are added as ports appear; fired ports are linked in order, each at most once. Interrupts are off.</summary>
internal unsafe struct PortTable
{
    internal const uint PortsPerPage = 1024;

    private const int MaximumPages = (int)(EvtchnFifo.NrChannels / PortsPerPage);
    private const uint Open = 1u << 31, Held = 1u << 30, Fired = 1u << 29;
    private const uint Link = EvtchnFifo.NrChannels - 1;

    private fixed ulong pages[MaximumPages];

    /// <summary>The fired port that comes first; 0, which is no port, if there is none.</summary>
    internal uint First { get; private set; }

    /// <summary>The fired port that comes last; 0 if there is none.</summary>
    internal uint Last { get; private set; }

    /// <summary>Whether there is room for the port. If not, <see cref="AddPage"/> makes it.</summary>
    internal readonly bool HasRoom(uint port) => pages[port / PortsPerPage] != 0;

    /// <param name="port">Any of the ports that the page is for; below <see cref="EvtchnFifo.NrChannels"/>.</param>
    /// <param name="page">4 KiB of zeroes.</param>
    internal void AddPage(uint port, uint* page) => pages[port / PortsPerPage] = (ulong)page;

    internal readonly bool IsOpen(uint port) => port < EvtchnFifo.NrChannels && HasRoom(port) && (*Word(port) & Open) != 0;

    /// <summary>Enters a port for which there is room.</summary>
    internal readonly void Add(uint port) => *Word(port) = Open;

    /// <summary>Takes a port out, and its event if it has fired.</summary>
    internal void Remove(uint port)
    {
        uint* word = Word(port);
        if ((*word & Fired) != 0)
        {
            uint next = *word & Link, before = 0;
            // Closing a port that has just fired is rare, so the search is cheaper than a second link.
            for (uint at = First; at != port; at = *Word(at) & Link)
                before = at;
            if (before == 0)
                First = next;
            else
                *Word(before) = *Word(before) & ~Link | next;
            if (next == 0)
                Last = before;
        }
        *word = 0;
    }

    /// <summary>Takes all ports out.</summary>
    internal void Clear()
    {
        First = Last = 0;
        for (int i = 0; i < MaximumPages; i++)
            if (pages[i] != 0)
                new System.Span<uint>((void*)pages[i], (int)PortsPerPage).Clear();
    }

    /// <summary>Whether the program wants the port masked.</summary>
    internal readonly bool IsHeld(uint port) => (*Word(port) & Held) != 0;

    internal readonly void SetHeld(uint port, bool held) => *Word(port) = held ? *Word(port) | Held : *Word(port) & ~Held;

    internal readonly bool HasFired(uint port) => (*Word(port) & Fired) != 0;

    /// <summary>Puts an open port behind those that have fired, unless it is one of them.</summary>
    internal void Fire(uint port)
    {
        if (HasFired(port))
            return;
        *Word(port) |= Fired;
        if (Last == 0)
            First = port;
        else
            *Word(Last) |= port;
        Last = port;
    }

    /// <summary>Takes the first of the fired ports, of which there must be one.</summary>
    internal uint Take()
    {
        uint port = First;
        First = *Word(port) & Link;
        if (First == 0)
            Last = 0;
        *Word(port) &= ~(Fired | Link);
        return port;
    }

    private readonly uint* Word(uint port) => (uint*)pages[port / PortsPerPage] + port % PortsPerPage;
}
