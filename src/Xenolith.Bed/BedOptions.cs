namespace Xenolith.Bed;

/// <summary>
/// What the machine that carries Xen looks like and how it is started. Options that change what Xen and dom0 boot with select a
/// snapshot of their own in the cache, which is built on first use.
/// </summary>
public sealed record BedOptions
{
    /// <summary>The machine's memory in MiB: 1536, which leaves about 700 MiB for domUs. Raise it (with nothing else) for large domUs.</summary>
    public int MachineMemory { get; init; } = 1536;

    /// <summary>
    /// The machine's memory for domUs of so much memory together: 1536 MiB, or the first doubling of it that is enough. Sizes are few because each
    /// has a snapshot of its own.
    /// </summary>
    /// <param name="domains">The domUs' memory in MiB.</param>
    public static int MachineMemoryFor(int domains)
    {
        const int besideDomains = 900; // Xen, dom0, and what Xen keeps for each domU.
        int memory = 1536;
        while (memory - besideDomains < domains)
            memory *= 2;
        return memory;
    }

    /// <summary>dom0's memory in MiB: 768, enough for the tool stack and about 500 MiB of files in its RAM file system.</summary>
    public int Dom0Memory { get; init; } = 768;

    /// <summary>Physical processors of the machine: 1. Emulation repeats best with one, and a second costs a host CPU.</summary>
    public int Processors { get; init; } = 1;

    /// <summary>
    /// Whether time is counted in executed instructions (QEMU's <c>-icount shift=0,sleep=off</c>: 1 ns is 1 instruction) instead of host time.
    /// Off, because it is slower; on, guest times repeat almost to the nanosecond, which is what benchmarks want.
    /// </summary>
    public bool Deterministic { get; init; }

    /// <summary>Whether Xen and dom0 boot from nothing (8 to 12 s) instead of from the snapshot (well under a second). Off.</summary>
    public bool ColdBoot { get; init; }

    /// <summary>Further words for Xen's command line, for example <c>gnttab_max_frames=128</c>. None.</summary>
    public string XenArguments { get; init; } = "";

    /// <summary>
    /// Where downloads and snapshots are kept. Null: <c>XENOLITH_CACHE</c>, else <c>$XDG_CACHE_HOME/xenolith</c>, else <c>~/.cache/xenolith</c>.
    /// </summary>
    public string? CacheDirectory { get; init; }

    /// <summary>
    /// The emulator's program. Null: <c>XENOLITH_QEMU</c>, else <c>qemu-system-x86_64</c> from the search path. It must be QEMU 7.2.
    /// </summary>
    public string? QemuPath { get; init; }

    /// <summary>
    /// How long the machine may take until dom0 answers: 120 s (a start from the snapshot takes one, a cold boot twelve on an idle host).
    /// </summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How long every other wait may take that is given no timeout of its own: 60 s, since emulation on a busy host is slow.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Receives a line for each step of a build or start. Null: nobody is told.</summary>
    public IProgress<string>? Progress { get; init; }
}
