// Finding Xen and setting up what every domain has: hypercall page, shared info, console and xenstore rings, timer.
using System.Runtime.InteropServices;
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Xen;

internal static unsafe class Hypervisor
{
    // Guest frames that hold no RAM, where the toolstack's own special pages are not (those end below 4 GiB - 64 KiB), nor the local APIC (0xFEE00).
    private const ulong SharedInfoFrame = 0xFE000;
    /// <summary>As many frames as <see cref="GrantTable.FramesMaximum"/>, for the grant table.</summary>
    internal const ulong GrantTableFrame = 0xFE001;

    internal static SharedInfo* SharedInfo { get; private set; }
    /// <summary>First of Xen's CPUID leaves; 0 where there is no Xen.</summary>
    internal static uint CpuidBase { get; private set; }
    internal static bool IsPresent => CpuidBase != 0;
    internal static ulong ConsoleFrame { get; private set; }
    internal static uint ConsolePort { get; private set; }
    internal static ulong StoreFrame { get; private set; }
    internal static uint StorePort { get; private set; }
    internal static uint TimerPort { get; private set; }

    private static XenstoreInterface* storePage;

    [StructLayout(LayoutKind.Sequential)]
    private struct MulticallEntry
    {
        internal ulong Op;
        internal long Result;
        internal ulong Arg0, Arg1, Arg2, Arg3, Arg4, Arg5;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct StartOfDay
    {
        internal XenHvmParam ConsoleFrame, ConsolePort, StoreFrame, StorePort, Callback;
        internal XenAddToPhysmap SharedInfo;
        internal EvtchnBindVirq Timer;
    }

    /// <summary>Looks for Xen and, if it is there, fills the hypercall page. First thing at boot: nothing can be printed before.</summary>
    internal static bool Detect()
    {
        uint* leaf = stackalloc uint[4];
        for (uint i = CpuidLeaves.FirstLeaf; i < CpuidLeaves.LastBase; i += CpuidLeaves.BaseStep)
        {
            Asm.Cpuid(i, 0, leaf);
            if (leaf[1] == CpuidLeaves.SignatureEbx && leaf[2] == CpuidLeaves.SignatureEcx && leaf[3] == CpuidLeaves.SignatureEdx)
            {
                CpuidBase = i;
                Asm.Cpuid(i + CpuidLeaves.Hypercall, 0, leaf);
                Asm.WriteMsr(leaf[1], Asm.HypercallPage);
                return true;
            }
        }
        return false;
    }

    /// <summary>
    /// Everything the kernel asks of Xen at the start of the day, in one multicall: it is one VM exit instead of seven.
    /// </summary>
    internal static void Initialize()
    {
        Ask();
        SharedInfo = (SharedInfo*)DeviceWindow.Map(SharedInfoFrame);
        KernelAssert.That((ulong)SharedInfo == Layout.DeviceWindow, "the shared info page is not where Platform/Vdso.S reads the time");
    }

    /// <summary>The same in the new domain that a resume is. The shared info page comes back to its place.</summary>
    internal static void Resume()
    {
        Detect(); // the host may have another kind of CPU, for which the hypercall page has other instructions
        ulong storeFrame = StoreFrame;
        Ask();
        if (storePage != null && StoreFrame != 0 && StoreFrame != storeFrame)
            DeviceWindow.Change(storePage, StoreFrame);
    }

    private static void Ask()
    {
        const int count = 7;
        StartOfDay day = default;
        MulticallEntry* calls = stackalloc MulticallEntry[count];
        for (int i = 0; i < count; i++)
            calls[i] = default;
        GetParam(calls + 0, &day.ConsoleFrame, HvmParam.ConsolePfn);
        GetParam(calls + 1, &day.ConsolePort, HvmParam.ConsoleEvtchn);
        GetParam(calls + 2, &day.StoreFrame, HvmParam.StorePfn);
        GetParam(calls + 3, &day.StorePort, HvmParam.StoreEvtchn);

        day.SharedInfo.Domid = DomainId.Self;
        day.SharedInfo.Space = PhysmapSpace.SharedInfo;
        day.SharedInfo.Gpfn = SharedInfoFrame;
        Prepare(calls + 4, Abi.Hypercall.MemoryOp, MemoryOp.AddToPhysmap, &day.SharedInfo);

        // The upcall is delivered as a plain interrupt vector: no interrupt controller is involved, and no EOI.
        day.Callback.Domid = DomainId.Self;
        day.Callback.Index = HvmParam.CallbackIrq;
        day.Callback.Value = (ulong)HvmCallbackType.Vector << HvmCallbackType.Shift | DescriptorTables.UpcallVector;
        Prepare(calls + 5, Abi.Hypercall.HvmOp, HvmOp.SetParam, &day.Callback);

        day.Timer.Virq = Virq.Timer;
        Prepare(calls + 6, Abi.Hypercall.EventChannelOp, EventChannelOp.BindVirq, &day.Timer);

        Hypercalls.Call(Abi.Hypercall.Multicall, (ulong)calls, count);
        if (calls[4].Result != 0)
            Panic.Stop("Xen did not map the shared info page");
        if (calls[5].Result != 0)
            Panic.Stop("Xen did not accept the event upcall vector");
        if (calls[6].Result != 0)
            Panic.Stop("Xen did not bind the timer");

        TimerPort = day.Timer.Port;
        ConsoleFrame = StoreFrame = 0;
        ConsolePort = StorePort = 0;
        if (calls[0].Result == 0 && calls[1].Result == 0 && SpecialPage.IsThere(day.ConsoleFrame.Value, day.ConsolePort.Value))
        {
            ConsoleFrame = day.ConsoleFrame.Value;
            ConsolePort = (uint)day.ConsolePort.Value;
        }
        if (calls[2].Result == 0 && calls[3].Result == 0 && SpecialPage.IsThere(day.StoreFrame.Value, day.StorePort.Value))
        {
            StoreFrame = day.StoreFrame.Value;
            StorePort = (uint)day.StorePort.Value;
        }
    }

    /// <summary>
    /// The page shared with xenstored, mapped at its first use and then for good; null if there is none, or none any more after a resume.
    /// </summary>
    internal static XenstoreInterface* StorePage()
    {
        if (StoreFrame == 0)
            return null;
        if (storePage == null)
            storePage = (XenstoreInterface*)DeviceWindow.Map(StoreFrame);
        return storePage;
    }

    /// <summary>The number of this domain, or -1 where neither CPUID nor an event channel tells.</summary>
    internal static int DomainNumber()
    {
        uint* leaf = stackalloc uint[4];
        Asm.Cpuid(CpuidBase + CpuidLeaves.Hvm, 0, leaf);
        return (leaf[0] & CpuidLeaves.HvmDomidPresent) != 0 ? (int)leaf[2] : -1;
    }

    private static void GetParam(MulticallEntry* call, XenHvmParam* param, uint index)
    {
        param->Domid = DomainId.Self;
        param->Index = index;
        Prepare(call, Abi.Hypercall.HvmOp, HvmOp.GetParam, param);
    }

    private static void Prepare(MulticallEntry* call, int op, int command, void* argument)
    {
        call->Op = (ulong)op;
        call->Arg0 = (ulong)command;
        call->Arg1 = (ulong)argument;
    }
}
