// Which name in Xen's headers each structure, field and constant of Xenolith.Abi stands for. Most follow from a rule; the rest are listed.

using System.Text;
using Xenolith.Xenbus;

namespace Xenolith.Abi.Tests;

internal static class HeaderNames
{
    /// <summary>Structure here, and its tags in the headers: more than one where several are alike.</summary>
    public static readonly (Type Type, string[] Tags)[] Structures =
    [
        (typeof(ConsoleInterface), ["xencons_interface"]),
        (typeof(XenstoreInterface), ["xenstore_domain_interface"]),
        (typeof(XenstoreMessageHeader), ["xsd_sockmsg"]),
        (typeof(HvmStartInfo), ["hvm_start_info"]),
        (typeof(HvmModlistEntry), ["hvm_modlist_entry"]),
        (typeof(HvmMemmapTableEntry), ["hvm_memmap_table_entry"]),
        (typeof(SharedInfo), ["shared_info"]),
        (typeof(VcpuInfo), ["vcpu_info"]),
        (typeof(ArchVcpuInfo), ["arch_vcpu_info"]),
        (typeof(VcpuTimeInfo), ["vcpu_time_info"]),
        (typeof(ArchSharedInfo), ["arch_shared_info"]),
        (typeof(SchedShutdown), ["sched_shutdown"]),
        (typeof(SchedPoll), ["sched_poll"]),
        (typeof(SchedWatchdog), ["sched_watchdog"]),
        (typeof(VcpuSetSingleshotTimer), ["vcpu_set_singleshot_timer"]),
        (typeof(VcpuRegisterVcpuInfo), ["vcpu_register_vcpu_info"]),
        (typeof(VcpuRunstateInfo), ["vcpu_runstate_info"]),
        (typeof(XenFeatureInfo), ["xen_feature_info"]),
        (typeof(XenAddToPhysmap), ["xen_add_to_physmap"]),
        (typeof(XenRemoveFromPhysmap), ["xen_remove_from_physmap"]),
        (typeof(XenMemoryDomain), ["xen_memory_domain"]),
        (typeof(XenMemoryMap), ["xen_memory_map"]),
        (typeof(XenMemoryReservation), ["xen_memory_reservation"]),
        (typeof(XenHvmParam), ["xen_hvm_param"]),
        (typeof(XenHvmPagetableDying), ["xen_hvm_pagetable_dying"]),
        (typeof(XenHvmEvtchnUpcallVector), ["xen_hvm_evtchn_upcall_vector"]),
        (typeof(EvtchnAllocUnbound), ["evtchn_alloc_unbound"]),
        (typeof(EvtchnBindInterdomain), ["evtchn_bind_interdomain"]),
        (typeof(EvtchnBindVirq), ["evtchn_bind_virq"]),
        (typeof(EvtchnBindPirq), ["evtchn_bind_pirq"]),
        (typeof(EvtchnBindIpi), ["evtchn_bind_ipi"]),
        (typeof(EvtchnBindVcpu), ["evtchn_bind_vcpu"]),
        (typeof(EvtchnPort), ["evtchn_close", "evtchn_send", "evtchn_unmask"]),
        (typeof(EvtchnReset), ["evtchn_reset"]),
        (typeof(EvtchnStatus), ["evtchn_status"]),
        (typeof(EvtchnInitControl), ["evtchn_init_control"]),
        (typeof(EvtchnExpandArray), ["evtchn_expand_array"]),
        (typeof(EvtchnSetPriority), ["evtchn_set_priority"]),
        (typeof(EvtchnFifoControlBlock), ["evtchn_fifo_control_block"]),
        (typeof(SharedRing), ["any_sring"]),
        (typeof(GrantEntryV1), ["grant_entry_v1"]),
        (typeof(GnttabMapGrantRef), ["gnttab_map_grant_ref"]),
        (typeof(GnttabUnmapGrantRef), ["gnttab_unmap_grant_ref"]),
        (typeof(GnttabCopyPtr), ["gnttab_copy_ptr"]),
        (typeof(GnttabCopy), ["gnttab_copy"]),
        (typeof(GnttabQuerySize), ["gnttab_query_size"]),
        (typeof(IoctlEvtchnBindVirq), ["ioctl_evtchn_bind_virq"]),
        (typeof(IoctlEvtchnBindInterdomain), ["ioctl_evtchn_bind_interdomain"]),
        (typeof(IoctlEvtchnBindUnboundPort), ["ioctl_evtchn_bind_unbound_port"]),
        (typeof(IoctlEvtchnPort), ["ioctl_evtchn_unbind", "ioctl_evtchn_notify"]),
        (typeof(IoctlGntallocAllocGref), ["ioctl_gntalloc_alloc_gref"]),
        (typeof(IoctlGntallocDeallocGref), ["ioctl_gntalloc_dealloc_gref"]),
        (typeof(IoctlGntdevGrantRef), ["ioctl_gntdev_grant_ref"]),
        (typeof(IoctlGntdevMapGrantRef), ["ioctl_gntdev_map_grant_ref"]),
        (typeof(IoctlGntdevUnmapGrantRef), ["ioctl_gntdev_unmap_grant_ref"]),
        (typeof(IoctlGntdevUnmapNotify), ["ioctl_gntdev_unmap_notify"]),
        (typeof(IoctlGntdevGrantCopySegment), ["ioctl_gntdev_grant_copy_segment"]),
        (typeof(IoctlGntdevGrantCopy), ["ioctl_gntdev_grant_copy"]),
        (typeof(PrivcmdHypercall), ["privcmd_hypercall"]),
    ];

    /// <summary>Constants: the prefix of their names in the headers, and whether the rest is in capitals.</summary>
    public static readonly (Type Type, string Prefix, bool Capitals)[] Constants =
    [
        (typeof(ConsoleIoCommand), "CONSOLEIO_", false),
        (typeof(XenstoreMessageType), "XS_", true),
        (typeof(XenstoreLimit), "XENSTORE_", true),
        (typeof(XenstoreServerFeature), "XENSTORE_SERVER_FEATURE_", true),
        (typeof(XenstoreConnection), "XENSTORE_", true),
        (typeof(XenstoreRingError), "XENSTORE_ERROR_", true),
        (typeof(HvmMemmapType), "XEN_HVM_MEMMAP_TYPE_", true),
        (typeof(PvclockFlag), "XEN_PVCLOCK_", true),
        (typeof(Hypercall), "__HYPERVISOR_", false),
        (typeof(DomainId), "DOMID_", true),
        (typeof(SchedOp), "SCHEDOP_", false),
        (typeof(ShutdownReason), "SHUTDOWN_", false),
        (typeof(VcpuOp), "VCPUOP_", false),
        (typeof(Runstate), "RUNSTATE_", false),
        (typeof(VersionOp), "XENVER_", false),
        (typeof(XenFeature), "XENFEAT_", false),
        (typeof(CpuidLeaves), "XEN_CPUID_", true),
        (typeof(MemoryOp), "XENMEM_", false),
        (typeof(PhysmapSpace), "XENMAPSPACE_", false),
        (typeof(HvmOp), "HVMOP_", false),
        (typeof(HvmParam), "HVM_PARAM_", true),
        (typeof(HvmCallbackType), "HVM_PARAM_CALLBACK_TYPE_", true),
        (typeof(EventChannelOp), "EVTCHNOP_", false),
        (typeof(Virq), "VIRQ_", true),
        (typeof(EvtchnState), "EVTCHNSTAT_", false),
        (typeof(EvtchnFifo), "EVTCHN_FIFO_", true),
        (typeof(ElfNote), "XEN_ELFNOTE_", true),
        (typeof(GrantStatus), "GNTST_", false),
        (typeof(XenbusState), "XenbusState", false),
        (typeof(GrantTableOp), "GNTTABOP_", false),
        (typeof(GrantReserved), "GNTTAB_NR_RESERVED_", true),
        (typeof(GrantEntryFlag), "GTF_", false),
        (typeof(GrantMapFlag), "GNTMAP_", false),
        (typeof(GrantCopyFlag), "GNTCOPY_", false),
        (typeof(LinuxEvtchnIoctl), "IOCTL_EVTCHN_", true),
        (typeof(LinuxGntallocIoctl), "IOCTL_GNTALLOC_", true),
        (typeof(LinuxGntallocFlag), "GNTALLOC_FLAG_", true),
        (typeof(LinuxGntdevIoctl), "IOCTL_GNTDEV_", true),
        (typeof(LinuxUnmapNotify), "UNMAP_NOTIFY_", true),
        (typeof(LinuxPrivcmdIoctl), "IOCTL_PRIVCMD_", true),
    ];

    /// <summary>Names to which the rule does not lead: the C expression instead.</summary>
    public static readonly Dictionary<string, string> Exceptions = new()
    {
        ["ConsoleInterface.InSize"] = "sizeof(((struct xencons_interface *)0)->in)",
        ["ConsoleInterface.OutSize"] = "sizeof(((struct xencons_interface *)0)->out)",
        ["XenstoreInterface.RingSize"] = "XENSTORE_RING_SIZE",
        ["HvmStartInfo.MagicValue"] = "XEN_HVM_START_MAGIC_VALUE",
        ["SharedInfo.LegacyMaxVcpus"] = "XEN_LEGACY_MAX_VCPUS",
        ["SharedInfo.EvtchnPorts"] = "EVTCHN_2L_NR_CHANNELS",
        ["EvtchnStatus.RemoteDom"] = "u.interdomain.dom",
        ["EvtchnStatus.RemotePort"] = "u.interdomain.port",
        ["EvtchnStatus.Irq"] = "u.virq",
        ["EvtchnFifoControlBlock.Rsvd"] = "_rsvd",
        ["EvtchnBindPirq.WillShare"] = "BIND_PIRQ__WILL_SHARE",
        ["VcpuSetSingleshotTimer.Future"] = "VCPU_SSHOTTMR_future",
        ["XenAddToPhysmap.GrantTableStatus"] = "XENMAPIDX_grant_table_status",
        ["VersionOp.ExtraVersion"] = "XENVER_extraversion",
        ["VersionOp.PageSize"] = "XENVER_pagesize",
        ["VersionOp.ExtraVersionLen"] = "XEN_EXTRAVERSION_LEN",
        ["XenstoreRingError.RingIdx"] = "XENSTORE_ERROR_RINGIDX",
        // Newer than Debian 12's headers, where they follow these.
        ["XenstoreMessageType.GetFeature"] = "XS_DIRECTORY_PART + 1",
        ["XenstoreMessageType.SetFeature"] = "XS_DIRECTORY_PART + 2",
        ["XenstoreMessageType.GetQuota"] = "XS_DIRECTORY_PART + 3",
        ["XenstoreMessageType.SetQuota"] = "XS_DIRECTORY_PART + 4",
        ["XenstoreServerFeature.WatchDepth"] = "XENSTORE_SERVER_FEATURE_ERROR << 1",
        ["XenstoreServerFeature.AnyDomain"] = "XENSTORE_SERVER_FEATURE_ERROR << 2",
        ["CpuidLeaves.HvmApicAccessVirt"] = "XEN_HVM_CPUID_APIC_ACCESS_VIRT",
        ["CpuidLeaves.HvmX2ApicVirt"] = "XEN_HVM_CPUID_X2APIC_VIRT",
        ["CpuidLeaves.HvmVcpuIdPresent"] = "XEN_HVM_CPUID_VCPU_ID_PRESENT",
        ["CpuidLeaves.HvmDomidPresent"] = "XEN_HVM_CPUID_DOMID_PRESENT",
        ["CpuidLeaves.HvmUpcallVector"] = "XEN_HVM_CPUID_UPCALL_VECTOR",
        ["GrantStatus.BadReference"] = "GNTST_bad_gntref",
        ["GrantStatus.BadVirtualAddress"] = "GNTST_bad_virt_addr",
        ["GrantStatus.BadCopyArgument"] = "GNTST_bad_copy_arg",
        ["GrantStatus.Again"] = "GNTST_eagain",
        ["SharedRing.Ring"] = "offsetof(struct any_sring, ring)",
        ["XenbusState.Unknown"] = "XenbusStateUnknown",
        ["XenbusState.Initialising"] = "XenbusStateInitialising",
        ["XenbusState.InitWait"] = "XenbusStateInitWait",
        ["XenbusState.Initialised"] = "XenbusStateInitialised",
        ["XenbusState.Connected"] = "XenbusStateConnected",
        ["XenbusState.Closing"] = "XenbusStateClosing",
        ["XenbusState.Closed"] = "XenbusStateClosed",
        ["XenbusState.Reconfiguring"] = "XenbusStateReconfiguring",
        ["XenbusState.Reconfigured"] = "XenbusStateReconfigured",
        ["GnttabCopyPtr.Gmfn"] = "u.gmfn",
        ["EvtchnFifo.NrChannels"] = "EVTCHN_FIFO_NR_CHANNELS",
    };

    /// <summary>The platform ABI is Xenolith's own: no header of Xen's has it.</summary>
    public static readonly Type[] Own =
    [
        typeof(PlatformInfo), typeof(PlatformEventKind), typeof(PlatformEventOpen), typeof(PlatformXenstoreUnsent), typeof(GrantFlag),
        typeof(PlatformTraceStart), typeof(TraceState), typeof(TraceRecord), typeof(TraceKind), typeof(TraceCategory),
        typeof(GrantAccessRequest), typeof(GrantMapRequest), typeof(GrantCopyRequest), typeof(GrantTableSize), typeof(MemoryInfo), typeof(MemoryBlocks),
        typeof(SchedulerInfo),
    ];

    /// <summary>Constants that the headers state in comments only.</summary>
    public static readonly HashSet<string> Prose =
    [
        "Hypercall.EntrySize", "HvmCallbackType.Shift", "CpuidLeaves.BaseStep", "CpuidLeaves.LastBase", "CpuidLeaves.Signature",
        "CpuidLeaves.Version", "CpuidLeaves.Hypercall", "CpuidLeaves.Time", "CpuidLeaves.Hvm", "CpuidLeaves.TscEmulated",
    ];

    /// <summary><c>NrModules</c> to <c>nr_modules</c>.</summary>
    public static string ToSnakeCase(string name)
    {
        var result = new StringBuilder();
        foreach (char c in name)
        {
            if (char.IsUpper(c) && result.Length > 0)
                result.Append('_');
            result.Append(char.ToLowerInvariant(c));
        }

        return result.ToString();
    }
}
