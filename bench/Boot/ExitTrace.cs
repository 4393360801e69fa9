using System.Buffers.Binary;

namespace Xenolith.Bench.Boot;

/// <summary>
/// One domain's life as Xen's trace buffers tell it: when it was first given the processor, every time that it left guest mode, and when it
/// asked for its end. Records are those of Xen's <c>public/trace.h</c>, written by xentrace on a machine with one processor.
/// </summary>
/// <param name="FirstScheduled">When Xen first switched to the domain, by the processor's time-stamp counter.</param>
/// <param name="FirstEntry">When its first instruction was about to run; null when the trace has no such records.</param>
/// <param name="Running">How long it then had the processor, until it called SCHEDOP_shutdown: waits for dom0 are left out.</param>
/// <param name="Exits">The VM exits between the two, by kind.</param>
/// <param name="Hypercalls">The hypercalls among them, by number.</param>
internal sealed record ExitTrace(ulong FirstScheduled, ulong? FirstEntry, ulong Running, IReadOnlyDictionary<string, int> Exits, IReadOnlyDictionary<uint, int> Hypercalls)
{
    /// <summary>The kind of exit that the host causes, by a timer or a device of its own.</summary>
    public const string HostInterrupt = "INTR";

    /// <summary>Event mask: switches between domains and shutdowns alone. Costs next to nothing.</summary>
    public const uint SchedulingMask = 0x00028000; // TRC_SCHED_VERBOSE

    /// <summary>Event mask: <see cref="SchedulingMask"/>, every way into and out of guest mode, and what Xen did there.</summary>
    public const uint ExitsMask = 0x000AF000; // TRC_SCHED | TRC_HVM

    private const uint CpuChange = 0x0001F003, LostRecords = 0x0001F001;
    private const uint Switch = 0x0002800A, ShutdownRequest = 0x00028007;
    private const uint Entry = 0x00081001, Exit32 = 0x00081002, Exit64 = 0x00081102, Hypercall = 0x00082012;

    /// <summary>What the domain did of its own accord: all exits but the host's interrupts.</summary>
    public int OwnExits => Exits.Where(exit => exit.Key != HostInterrupt).Sum(exit => exit.Value);

    /// <summary>Reads a trace.</summary>
    /// <exception cref="InvalidDataException">Records are missing.</exception>
    public static ExitTrace Read(ReadOnlySpan<byte> trace, int domain)
    {
        ulong scheduled = 0, entered = 0, resumed = 0, total = 0;
        SortedDictionary<string, int> exits = new(StringComparer.Ordinal);
        SortedDictionary<uint, int> hypercalls = [];
        bool running = false;
        Span<uint> words = stackalloc uint[7];
        while (trace.Length >= sizeof(uint))
        {
            // struct t_rec: event:28, extra words:3, time stamp included:1; the time stamp; the extra words.
            uint header = BinaryPrimitives.ReadUInt32LittleEndian(trace);
            trace = trace[sizeof(uint)..];
            uint kind = header & 0x0FFF_FFFF;
            int count = (int)(header >> 28) & 7;
            ulong time = 0;
            if (header >> 31 != 0)
            {
                time = BinaryPrimitives.ReadUInt64LittleEndian(trace);
                trace = trace[sizeof(ulong)..];
            }

            for (int i = 0; i < count; i++)
                words[i] = BinaryPrimitives.ReadUInt32LittleEndian(trace[(i * sizeof(uint))..]);
            trace = trace[(count * sizeof(uint))..];

            switch (kind)
            {
                case LostRecords:
                    throw new InvalidDataException("Xen's trace buffers ran over: records are lost.");
                case CpuChange when words[0] != 0:
                    throw new InvalidDataException("The trace has more than one processor.");
                case Switch: // previous domain and vCPU, next domain and vCPU
                    if (running)
                        total += time - resumed;
                    running = words[2] == domain;
                    resumed = time;
                    if (running && scheduled == 0)
                        scheduled = time;
                    break;
                case ShutdownRequest when words[0] == domain:
                    return scheduled != 0
                        ? new(scheduled, entered != 0 ? entered : null, total + time - resumed, exits, hypercalls)
                        : throw new InvalidDataException("The trace begins after the domain did.");
                case Entry when running && entered == 0:
                    entered = time;
                    break;
                case Exit32 or Exit64 when running:
                    Count(exits, NameOf(words[0]));
                    break;
                case Hypercall when running:
                    Count(hypercalls, words[0]);
                    break;
            }
        }

        throw new InvalidDataException($"The trace does not show how domain {domain} ended.");
    }

    private static void Count<T>(SortedDictionary<T, int> counts, T key)
        where T : notnull =>
        counts[key] = counts.GetValueOrDefault(key) + 1;

    /// <summary>An exit code's name without its prefix, from AMD's manual (volume 2, appendix C).</summary>
    private static string NameOf(uint code) => code switch
    {
        < 0x10 => $"CR{code} read",
        < 0x20 => $"CR{code - 0x10} write",
        >= 0x40 and < 0x60 => $"exception {code - 0x40}",
        0x60 => HostInterrupt,
        0x64 => "VINTR",
        0x65 => "CR0 write",
        0x6E => "RDTSC",
        0x72 => "CPUID",
        0x78 => "HLT",
        0x79 => "INVLPG",
        0x7B => "IOIO",
        0x7C => "MSR",
        0x81 => "VMMCALL",
        0x8D => "XSETBV",
        0x400 => "NPF",
        _ => $"0x{code:x}",
    };
}
