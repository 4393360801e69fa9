// Event channels: notifications between domains, from the hypervisor and between virtual CPUs (Xen: event_channel.h, xen.h).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>Operations of <see cref="Hypercall.EventChannelOp"/> (<c>EVTCHNOP_*</c>). Arguments: operation, pointer to the structure named.</summary>
public static class EventChannelOp
{
    /// <summary>Connects to another domain's waiting port. <see cref="EvtchnBindInterdomain"/>.</summary>
    public const int BindInterdomain = 0;

    /// <summary>Binds a virtual interrupt to a port. <see cref="EvtchnBindVirq"/>.</summary>
    public const int BindVirq = 1;

    /// <summary>Binds a physical interrupt to a port. <see cref="EvtchnBindPirq"/>.</summary>
    public const int BindPirq = 2;

    /// <summary>Closes a port; the other end becomes unbound. <see cref="EvtchnPort"/>.</summary>
    public const int Close = 3;

    /// <summary>Notifies the other end. <see cref="EvtchnPort"/>.</summary>
    public const int Send = 4;

    /// <summary>What a port is bound to. <see cref="EvtchnStatus"/>.</summary>
    public const int Status = 5;

    /// <summary>Makes a port to which another domain can connect. <see cref="EvtchnAllocUnbound"/>.</summary>
    public const int AllocUnbound = 6;

    /// <summary>Makes a port for interrupts from one virtual CPU to another. <see cref="EvtchnBindIpi"/>.</summary>
    public const int BindIpi = 7;

    /// <summary>Sets the CPU that a port notifies. <see cref="EvtchnBindVcpu"/>.</summary>
    public const int BindVcpu = 8;

    /// <summary>Unmasks a port and raises the upcall if it is pending. <see cref="EvtchnPort"/>.</summary>
    public const int Unmask = 9;

    /// <summary>Closes all ports and returns to the 2-level ABI. <see cref="EvtchnReset"/>.</summary>
    public const int Reset = 10;

    /// <summary>Switches to the FIFO ABI, CPU by CPU. <see cref="EvtchnInitControl"/>.</summary>
    public const int InitControl = 11;

    /// <summary>Adds a page of event words (FIFO ABI). <see cref="EvtchnExpandArray"/>.</summary>
    public const int ExpandArray = 12;

    /// <summary>Sets a port's priority (FIFO ABI). <see cref="EvtchnSetPriority"/>.</summary>
    public const int SetPriority = 13;
}

/// <summary>Virtual interrupts (<c>VIRQ_*</c>).</summary>
public static class Virq
{
    /// <summary>Per CPU: a timer ran out, or the time base changed.</summary>
    public const uint Timer = 0;

    /// <summary>Per CPU: asks the guest to print its state.</summary>
    public const uint Debug = 1;

    /// <summary>Global, privileged: bytes arrived on the emergency console.</summary>
    public const uint Console = 2;

    /// <summary>Global: something happened to a domain (for xenstored).</summary>
    public const uint DomExc = 3;

    /// <summary>Global: a message over Argo.</summary>
    public const uint Argo = 11;

    /// <summary>Per CPU: performance counters.</summary>
    public const uint Xenpmu = 13;
}

/// <summary><c>struct evtchn_alloc_unbound</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EvtchnAllocUnbound
{
    /// <summary>Domain in which to make the port: <see cref="DomainId.Self"/>.</summary>
    public ushort Dom;

    /// <summary>Domain that may connect.</summary>
    public ushort RemoteDom;

    /// <summary>Out: the port.</summary>
    public uint Port;
}

/// <summary><c>struct evtchn_bind_interdomain</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EvtchnBindInterdomain
{
    /// <summary>Domain of the waiting port.</summary>
    public ushort RemoteDom;

    /// <summary>The waiting port.</summary>
    public uint RemotePort;

    /// <summary>Out: the new port of this domain; it is pending at once.</summary>
    public uint LocalPort;
}

/// <summary><c>struct evtchn_bind_virq</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EvtchnBindVirq
{
    /// <summary>A <see cref="Abi.Virq"/> value.</summary>
    public uint Virq;

    /// <summary>Virtual CPU; 0 for a global interrupt.</summary>
    public uint Vcpu;

    /// <summary>Out: the port.</summary>
    public uint Port;
}

/// <summary><c>struct evtchn_bind_pirq</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EvtchnBindPirq
{
    /// <summary>Bit of <see cref="Flags"/> (<c>BIND_PIRQ__WILL_SHARE</c>).</summary>
    public const uint WillShare = 1;

    /// <summary>Physical interrupt.</summary>
    public uint Pirq;

    /// <summary><see cref="WillShare"/> or 0.</summary>
    public uint Flags;

    /// <summary>Out: the port.</summary>
    public uint Port;
}

/// <summary><c>struct evtchn_bind_ipi</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EvtchnBindIpi
{
    /// <summary>Virtual CPU to notify.</summary>
    public uint Vcpu;

    /// <summary>Out: the port.</summary>
    public uint Port;
}

/// <summary><c>struct evtchn_bind_vcpu</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EvtchnBindVcpu
{
    /// <summary>The port.</summary>
    public uint Port;

    /// <summary>Virtual CPU to notify.</summary>
    public uint Vcpu;
}

/// <summary><c>struct evtchn_close</c>, <c>evtchn_send</c> and <c>evtchn_unmask</c>, which are alike.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EvtchnPort
{
    /// <summary>The port.</summary>
    public uint Port;
}

/// <summary><c>struct evtchn_reset</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EvtchnReset
{
    /// <summary>Whose ports: <see cref="DomainId.Self"/>.</summary>
    public ushort Dom;
}

/// <summary><c>struct evtchn_status</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct EvtchnStatus
{
    /// <summary>Whose port: <see cref="DomainId.Self"/>.</summary>
    [FieldOffset(0)]
    public ushort Dom;

    /// <summary>The port.</summary>
    [FieldOffset(4)]
    public uint Port;

    /// <summary>Out: what it is bound to.</summary>
    [FieldOffset(8)]
    public EvtchnState Status;

    /// <summary>Out: the virtual CPU that it notifies.</summary>
    [FieldOffset(12)]
    public uint Vcpu;

    /// <summary>Out, when unbound or interdomain: the domain at the other end.</summary>
    [FieldOffset(16)]
    public ushort RemoteDom;

    /// <summary>Out, when interdomain: the port at the other end.</summary>
    [FieldOffset(20)]
    public uint RemotePort;

    /// <summary>Out, when bound to an interrupt: its number, physical or virtual.</summary>
    [FieldOffset(16)]
    public uint Irq;
}

/// <summary>Values of <see cref="EvtchnStatus.Status"/> (<c>EVTCHNSTAT_*</c>).</summary>
public enum EvtchnState : uint
{
    /// <summary>Not in use.</summary>
    Closed = 0,

    /// <summary>Waiting for another domain to connect.</summary>
    Unbound = 1,

    /// <summary>Connected.</summary>
    Interdomain = 2,

    /// <summary>Bound to a physical interrupt.</summary>
    Pirq = 3,

    /// <summary>Bound to a virtual interrupt.</summary>
    Virq = 4,

    /// <summary>Bound to a virtual CPU.</summary>
    Ipi = 5,
}

/// <summary><c>struct evtchn_init_control</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct EvtchnInitControl
{
    /// <summary>Guest frame that holds the control block.</summary>
    [FieldOffset(0)]
    public ulong ControlGfn;

    /// <summary>Byte offset of the control block in its frame; a multiple of 8.</summary>
    [FieldOffset(8)]
    public uint Offset;

    /// <summary>Virtual CPU that the block belongs to.</summary>
    [FieldOffset(12)]
    public uint Vcpu;

    /// <summary>Out: bits of a link in an event word.</summary>
    [FieldOffset(16)]
    public byte LinkBits;
}

/// <summary><c>struct evtchn_expand_array</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EvtchnExpandArray
{
    /// <summary>Guest frame of the next 1024 event words.</summary>
    public ulong ArrayGfn;
}

/// <summary><c>struct evtchn_set_priority</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EvtchnSetPriority
{
    /// <summary>The port.</summary>
    public uint Port;

    /// <summary><see cref="EvtchnFifo.PriorityMax"/> to <see cref="EvtchnFifo.PriorityMin"/>.</summary>
    public uint Priority;
}

/// <summary>Constants of the FIFO ABI (<c>EVTCHN_FIFO_*</c>).</summary>
public static class EvtchnFifo
{
    /// <summary>The highest priority.</summary>
    public const int PriorityMax = 0;

    /// <summary>The priority of a new port.</summary>
    public const int PriorityDefault = 7;

    /// <summary>The lowest priority.</summary>
    public const int PriorityMin = 15;

    /// <summary>Number of queues: one a priority.</summary>
    public const int MaxQueues = 16;

    /// <summary>Bit number in an event word: the event fired.</summary>
    public const int Pending = 31;

    /// <summary>Bit number in an event word: the guest wants no upcall.</summary>
    public const int Masked = 30;

    /// <summary>Bit number in an event word: it is in a queue.</summary>
    public const int Linked = 29;

    /// <summary>Bit number in an event word: Xen is changing it.</summary>
    public const int Busy = 28;

    /// <summary>Low bits of an event word that name the next port of the queue.</summary>
    public const int LinkBits = 17;

    /// <summary>Ports in all.</summary>
    public const int NrChannels = 1 << LinkBits;
}

/// <summary><c>struct evtchn_fifo_control_block</c>: one a virtual CPU.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct EvtchnFifoControlBlock
{
    /// <summary>Bit n: queue n is not empty. Set by Xen, cleared by the guest.</summary>
    public uint Ready;

    /// <summary>Unused.</summary>
    public uint Rsvd;

    /// <summary>First port of each queue.</summary>
    public fixed uint Head[EvtchnFifo.MaxQueues];
}
