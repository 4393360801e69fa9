using System.Globalization;

namespace Xenolith.Bed.Emulator;

/// <summary>The emulated machine and the command lines on it: everything that a snapshot depends on besides files.</summary>
internal sealed record MachineSettings(BedOptions Options)
{
    /// <summary>
    /// Without these, QEMU 7.2's AMD processor works for Xen 4.17: a PV dom0 dies at once with SMAP, Xen panics in MWAIT with MONITOR (which
    /// <c>cpuidle=0</c> also avoids), and a Linux PVH guest hangs with RDTSCP. AVX is off because its SVM does not intercept XSETBV: Xen
    /// never learns that a guest has enabled AVX, and switches it off at the next change of domains.
    /// </summary>
    private const string Processor = "EPYC,-smap,-monitor,-rdtscp,-avx,-avx2,-fma,-f16c";

    /// <remarks>
    /// <c>clocksource=xen</c>: Linux and Xen each measure the time-stamp counter at boot, and come to rates some 60 ppm apart. Dom0's clock and that
    /// of its domains would part by 40 ms in the eleven minutes after which Linux tells Xen the time again.
    /// </remarks>
    private const string KernelArguments = "console=hvc0 quiet loglevel=4 panic=1 clocksource=xen";

    private string Accelerator => Options.Deterministic ? "tcg,thread=single,tb-size=512" : "tcg,thread=multi,tb-size=512";

    /// <remarks>
    /// <c>eager-fpu</c>: the emulator's XSAVE and XRSTOR do not honour CR0.TS, by which Xen otherwise loads a domain's registers late; programs
    /// in dom0 and in guests then lose theirs now and then.
    /// </remarks>
    private string XenArguments => string.Create(
        CultureInfo.InvariantCulture,
        $"console=com1 com1=115200,8n1 dom0_mem={Options.Dom0Memory}M,max:{Options.Dom0Memory}M dom0_max_vcpus=1 cpuidle=0 noreboot bootscrub=0 spec-ctrl=eager-fpu conring_size=512k loglvl=all guest_loglvl=all {Options.XenArguments}").TrimEnd();

    /// <summary>Everything above as one text, for the cache's key.</summary>
    public string Fingerprint => string.Join('\n', [.. Arguments(MemoryBacking.Private, ""), XenArguments, KernelArguments]);

    /// <summary>The machine's arguments without its connections to the host.</summary>
    /// <param name="memory">Where its memory is.</param>
    /// <param name="exchange">The file of its disk for large pieces.</param>
    public IEnumerable<string> Arguments(MemoryBacking memory, string exchange)
    {
        string size = Options.MachineMemory.ToString(CultureInfo.InvariantCulture) + "M";
        yield return "-accel";
        yield return Accelerator;
        if (Options.Deterministic)
        {
            yield return "-icount";
            yield return "shift=0,sleep=off";
        }

        yield return "-machine";
        yield return "pc,memory-backend=ram";
        yield return "-object";
        yield return memory switch
        {
            MemoryBacking.Anonymous => $"memory-backend-ram,id=ram,size={size}",
            MemoryBacking.Shared => $"memory-backend-file,id=ram,size={size},mem-path=ram,share=on",
            _ => $"memory-backend-file,id=ram,size={size},mem-path=ram,share=off",
        };
        foreach (string argument in new[]
        {
            "-cpu", Processor, "-smp", Options.Processors.ToString(CultureInfo.InvariantCulture), "-m", size,
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-rtc", "base=utc",
            "-device", "virtio-serial-pci,max_ports=2",
            "-netdev", "user,id=net,dhcpstart=10.0.2.50", "-device", "virtio-net-pci,netdev=net,mac=52:54:00:12:34:56,romfile=",
            "-drive", $"if=none,id=exchange,format=raw,cache=unsafe,file.locking=off,file={exchange}", "-device", "virtio-blk-pci,drive=exchange",
        })
            yield return argument;
    }

    /// <summary>What is booted. A machine that goes on from a snapshot needs only Xen, which the machine model wants to see.</summary>
    public IEnumerable<string> BootArguments(bool snapshot)
    {
        yield return "-kernel";
        yield return "xen";
        yield return "-append";
        yield return XenArguments;
        if (snapshot)
            yield break;
        yield return "-initrd";
        yield return $"vmlinux {KernelArguments},initrd";
    }
}

/// <summary>Where the machine's memory is.</summary>
internal enum MemoryBacking
{
    /// <summary>In the emulator's process alone.</summary>
    Anonymous,

    /// <summary>In the file <c>ram</c>, which the machine changes: for making a snapshot.</summary>
    Shared,

    /// <summary>In the file <c>ram</c> until written to: for going on from a snapshot, without copying it.</summary>
    Private,
}
