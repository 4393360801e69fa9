// Parameters of a hardware-virtualised domain, and the operations to read and set them (Xen: hvm/hvm_op.h, hvm/params.h).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>Operations of <see cref="Hypercall.HvmOp"/> (<c>HVMOP_*</c>). Arguments: operation, pointer.</summary>
public static class HvmOp
{
    /// <summary>Sets a parameter. Argument: <see cref="XenHvmParam"/>.</summary>
    public const int SetParam = 0;

    /// <summary>Reads a parameter. Argument: <see cref="XenHvmParam"/>.</summary>
    public const int GetParam = 1;

    /// <summary>Flushes the TLBs of all virtual CPUs. No argument.</summary>
    public const int FlushTlbs = 5;

    /// <summary>Hints that a page table is about to be given up. Argument: <see cref="XenHvmPagetableDying"/>.</summary>
    public const int PagetableDying = 9;

    /// <summary>Sets one CPU's own upcall vector, delivered through its local APIC. Argument: <see cref="XenHvmEvtchnUpcallVector"/>.</summary>
    public const int SetEvtchnUpcallVector = 23;
}

/// <summary><c>struct xen_hvm_param</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenHvmParam
{
    /// <summary>Whose parameter: <see cref="DomainId.Self"/>.</summary>
    public ushort Domid;

    /// <summary>Zero.</summary>
    public ushort Pad;

    /// <summary>Which: a <see cref="HvmParam"/> value.</summary>
    public uint Index;

    /// <summary>In or out: its value.</summary>
    public ulong Value;
}

/// <summary>Values of <see cref="XenHvmParam.Index"/> (<c>HVM_PARAM_*</c>).</summary>
public static class HvmParam
{
    /// <summary>How events reach CPU 0: a <see cref="HvmCallbackType"/> in bits 63-56, its argument below; 0 for not at all.</summary>
    public const uint CallbackIrq = 0;

    /// <summary>Guest frame of <see cref="XenstoreInterface"/>.</summary>
    public const uint StorePfn = 1;

    /// <summary>Local port of xenstored's event channel.</summary>
    public const uint StoreEvtchn = 2;

    /// <summary>How missed ticks of virtual timers are treated.</summary>
    public const uint TimerMode = 10;

    /// <summary>Guest frame of <see cref="ConsoleInterface"/>.</summary>
    public const uint ConsolePfn = 17;

    /// <summary>Local port of the console's event channel.</summary>
    public const uint ConsoleEvtchn = 18;

    /// <summary>The <see cref="ShutdownReason"/> that a triple fault reports.</summary>
    public const uint TripleFaultReason = 31;

    /// <summary>Guest-physical address of the VM generation id, or 0.</summary>
    public const uint VmGenerationIdAddr = 34;
}

/// <summary>Type of delivery in <see cref="HvmParam.CallbackIrq"/> (<c>HVM_PARAM_CALLBACK_TYPE_*</c>).</summary>
public static class HvmCallbackType
{
    /// <summary>A global interrupt line.</summary>
    public const uint Gsi = 0;

    /// <summary>A PCI interrupt line.</summary>
    public const uint PciIntx = 1;

    /// <summary>An interrupt vector in bits 7-0, which needs no end-of-interrupt.</summary>
    public const uint Vector = 2;

    /// <summary>Position of the type in the parameter's value.</summary>
    public const int Shift = 56;
}

/// <summary><c>struct xen_hvm_pagetable_dying</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct XenHvmPagetableDying
{
    /// <summary>Whose page table: <see cref="DomainId.Self"/>.</summary>
    [FieldOffset(0)]
    public ushort Domid;

    /// <summary>Guest-physical address of its root.</summary>
    [FieldOffset(8)]
    public ulong Gpa;
}

/// <summary><c>struct xen_hvm_evtchn_upcall_vector</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenHvmEvtchnUpcallVector
{
    /// <summary>Virtual CPU.</summary>
    public uint Vcpu;

    /// <summary>Vector, at least 0x10; 0 for none.</summary>
    public byte Vector;
}
