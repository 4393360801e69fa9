// The platform ABI's structures for tracing: arguments of xl_trace_*, shared by the kernel and the libraries (docs/platform-abi.md).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>Argument of <c>xl_trace_start</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct PlatformTraceStart
{
    /// <summary>Fewest records that a ring holds.</summary>
    public const uint MinimumRecords = 128;

    /// <summary>Most records that a ring holds: 16 MiB.</summary>
    public const uint MaximumRecords = 1 << 19;

    /// <summary>Records that the ring is to hold: a power of two, <see cref="MinimumRecords"/> to <see cref="MaximumRecords"/>.</summary>
    public uint Records;

    /// <summary>What is to be recorded: <see cref="TraceCategory"/> bits.</summary>
    public uint Categories;

    /// <summary>Out: the trace's state, in the kernel's memory, at this address until the domain ends.</summary>
    public TraceState* State;
}

/// <summary>
/// A trace and its ring. Whoever writes a record takes the position <see cref="Head"/> and adds one to it in one locked instruction, sets the
/// <see cref="TraceRecord.Sequence"/> of the record at that position modulo the ring's size to 0, fills the record in, and writes its Sequence last.
/// Who finds another there who is not done, a whole ring behind, leaves the place to him: no two write to one record.
/// Whoever reads copies a record and takes it for whole if its Sequence was that of its position before and after.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct TraceState
{
    /// <summary>The value of <see cref="Wake"/> when nobody waits.</summary>
    public const ulong NoWake = ulong.MaxValue;

    /// <summary>What is recorded: <see cref="TraceCategory"/> bits; 0 when there is no trace.</summary>
    public uint Categories;

    /// <summary>The port to which an event is sent when the trace has come to <see cref="Wake"/>. The reader's to write.</summary>
    public uint WakePort;

    /// <summary>Records that have been begun since the trace was started.</summary>
    public ulong Head;

    /// <summary>The ring: <see cref="Mask"/> + 1 records.</summary>
    public TraceRecord* Records;

    /// <summary>Records in the ring, less one.</summary>
    public ulong Mask;

    /// <summary>
    /// A position, set by the reader; whoever has written the record there, or one behind it, sets it to <see cref="NoWake"/> and wakes him.
    /// </summary>
    public ulong Wake;
}
