using Xenolith.Linux;

namespace Xenolith.Tracing;

/// <summary>Tracing where the kernel is not ours: the libraries write what they do themselves, with the clock of the platform.</summary>
/// <param name="time">The clock.</param>
/// <param name="isProcess">A Linux process: threads have Linux's numbers. Otherwise, in a simulation, the runtime's.</param>
internal sealed class LibraryTrace(TimeProvider time, bool isProcess) : TraceOperations
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    [ThreadStatic]
    private static uint t_thread;

    private readonly ulong _frequency = (ulong)time.TimestampFrequency;
    private LibraryTraceRing? _ring;

    public override TraceCategories Own => TraceCategories.None;

    public override TraceCategories Supported => TraceCategories.Events | TraceCategories.Grants | TraceCategories.Xenstore | TraceCategories.User;

    public override XenError Start(uint records, TraceCategories categories, out TraceRing? ring)
    {
        try
        {
            _ring = LibraryTraceRing.Create(records);
        }
        catch (OutOfMemoryException)
        {
            ring = null;
            return XenError.NoMemory;
        }

        ring = _ring;
        return XenError.None;
    }

    public override void Stop() => _ring = null;

    public override void Write(ushort kind, uint count, uint detail, ulong value) =>
        Volatile.Read(ref _ring)?.Write(Now(), kind, count, ThreadNumber(), detail, value);

    public override string? GetThreadName(uint thread) => isProcess ? ThreadNames.Find(thread) : null;

    private ulong Now()
    {
        ulong timestamp = (ulong)time.GetTimestamp();
        return _frequency == NanosecondsPerSecond ? timestamp : (ulong)((UInt128)timestamp * NanosecondsPerSecond / _frequency);
    }

    private uint ThreadNumber()
    {
        if (t_thread == 0)
            t_thread = isProcess ? (uint)NativeMethods.GetThreadId() : (uint)Environment.CurrentManagedThreadId;
        return t_thread;
    }
}
