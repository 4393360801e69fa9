// What a trace consists of: records of 32 bytes, written by the kernel and by the libraries into one ring (docs/tracing.md).

using System.Runtime.InteropServices;

namespace Xenolith.Abi;

/// <summary>One event of a trace. Little-endian, without padding, so that it can be sent and stored as it is.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
public struct TraceRecord
{
    /// <summary>Bytes of a record.</summary>
    public const int Bytes = 32;

    /// <summary>The largest <see cref="Count"/>; it stands for all that are larger.</summary>
    public const ushort MaximumCount = 65535;

    /// <summary>
    /// When: nanoseconds of the monotonic clock (CLOCK_MONOTONIC, <c>Stopwatch.GetTimestamp</c>). 0 in records that say nothing of time:
    /// <see cref="TraceKind.Name"/>, <see cref="TraceKind.NameText"/>, <see cref="TraceKind.ThreadName"/>.
    /// </summary>
    public ulong Time;

    /// <summary>
    /// Low 32 bits of the record's position in the trace, from 0, plus 1; in the ring it is written last, and 0 while the record is being written.
    /// One record in 2^32 has 0 for good and is counted as lost. 0 also in records that a reader adds (<see cref="TraceKind.Lost"/> and names).
    /// </summary>
    public uint Sequence;

    /// <summary>What happened: a <see cref="TraceKind"/> value.</summary>
    public ushort Kind;

    /// <summary>A small number, as the kind says.</summary>
    public ushort Count;

    /// <summary>The thread that ran when it happened: Linux's number of it (gettid). 0: none, or it is not known.</summary>
    public uint Thread;

    /// <summary>A number, as the kind says.</summary>
    public uint Detail;

    /// <summary>A number, as the kind says.</summary>
    public ulong Value;
}

/// <summary>
/// Kinds of trace records. The number divided by 16 is the number of the bit of their category in <see cref="TraceCategory"/>. A reader skips the
/// kinds that it does not know.
/// </summary>
public static class TraceKind
{
    /// <summary>
    /// The text of a name that records after this one use: <see cref="TraceRecord.Detail"/> its number, <see cref="TraceRecord.Count"/> the length of
    /// its UTF-8 in bytes (1 to 128), <see cref="TraceRecord.Value"/> the first 8 of them, the first in the lowest byte, zeroes after the last.
    /// The rest follows at once as <see cref="NameText"/>, 8 bytes a record. Comes before the first record that uses the name.
    /// </summary>
    public const ushort Name = 0x00;

    /// <summary>
    /// More of the text of the <see cref="Name"/> or <see cref="ThreadName"/> before: <see cref="TraceRecord.Detail"/> as there,
    /// <see cref="TraceRecord.Count"/> where in the text these bytes belong (8, 16, ...), <see cref="TraceRecord.Value"/> the bytes.
    /// </summary>
    public const ushort NameText = 0x01;

    /// <summary>
    /// The text of a thread's name: <see cref="TraceRecord.Detail"/> and <see cref="TraceRecord.Thread"/> the thread, else as <see cref="Name"/>.
    /// </summary>
    public const ushort ThreadName = 0x02;

    /// <summary>
    /// Records are missing between the one before and the one after: <see cref="TraceRecord.Value"/> how many. They were overwritten before they were
    /// read.
    /// <see cref="TraceRecord.Time"/> is that of the one after.
    /// </summary>
    public const ushort Lost = 0x03;

    /// <summary>A collection begins: <see cref="TraceRecord.Detail"/> the oldest generation that it collects. The program is stopped.</summary>
    public const ushort GcStart = 0x10;

    /// <summary>A collection ends: <see cref="TraceRecord.Detail"/> the oldest generation that it collected.</summary>
    public const ushort GcEnd = 0x11;

    /// <summary>
    /// The runtime begins to stop the program's threads: <see cref="TraceRecord.Detail"/> why, 1 for a collection, as the runtime numbers it.
    /// </summary>
    public const ushort GcSuspend = 0x12;

    /// <summary>The program's threads go on: what lies between this and <see cref="GcSuspend"/> is the pause.</summary>
    public const ushort GcResume = 0x13;

    /// <summary>
    /// The CPU goes from <see cref="TraceRecord.Thread"/> to <see cref="TraceRecord.Detail"/>. <see cref="TraceRecord.Value"/>: why the first
    /// stopped, 0 it could go on (its slice is over, or another goes first), 1 it waits, 2 it has ended.
    /// </summary>
    public const ushort ThreadSwitch = 0x20;

    /// <summary>A thread was made: <see cref="TraceRecord.Detail"/> the new one, <see cref="TraceRecord.Thread"/> the one that made it.</summary>
    public const ushort ThreadStart = 0x21;

    /// <summary>A thread ends: <see cref="TraceRecord.Thread"/>.</summary>
    public const ushort ThreadEnd = 0x22;

    /// <summary>
    /// No thread can run: the domain's CPU is given back to Xen. <see cref="TraceRecord.Value"/> the deadline at which the timer is set to wake it
    /// (as
    /// <see cref="TraceRecord.Time"/>), the greatest number if there is none. <see cref="TraceRecord.Thread"/> is the last that ran.
    /// </summary>
    public const ushort DomainBlock = 0x23;

    /// <summary>
    /// An event woke the domain's CPU. <see cref="TraceRecord.Detail"/>: 1 the timer, 0 another event (the <see cref="EventReceived"/> before says
    /// which). It may block again at once, if the event woke no thread.
    /// </summary>
    public const ushort DomainWake = 0x24;

    /// <summary>
    /// The domain is about to be suspended: what comes behind <see cref="DomainResume"/> is after it. The clock of <see cref="TraceRecord.Time"/>
    /// goes on over it, so the time between the two is that for which the domain stood still, by the wall clocks of the hosts.
    /// </summary>
    public const ushort DomainSuspend = 0x25;

    /// <summary>
    /// The domain goes on after <see cref="DomainSuspend"/>. <see cref="TraceRecord.Detail"/>: 0 as a new domain, restored or migrated; 1 as the same
    /// one, after a checkpoint or when the toolstack gave up; 2 Xen refused, and <see cref="TraceRecord.Value"/> is its error number.
    /// </summary>
    public const ushort DomainResume = 0x26;

    /// <summary>Xen's timer for the domain fired: <see cref="TraceRecord.Value"/> the time for which it was set.</summary>
    public const ushort TimerFired = 0x30;

    /// <summary>
    /// An event arrived: <see cref="TraceRecord.Detail"/> the port. Where the kernel writes the records, in the upcall; else when the library takes
    /// it.
    /// </summary>
    public const ushort EventReceived = 0x40;

    /// <summary>An event was sent: <see cref="TraceRecord.Detail"/> the port.</summary>
    public const ushort EventSent = 0x41;

    /// <summary>
    /// A page was granted: <see cref="TraceRecord.Detail"/> the reference, <see cref="TraceRecord.Value"/> the domain,
    /// <see cref="TraceRecord.Count"/> 1 if for reading only.
    /// </summary>
    public const ushort GrantAccess = 0x50;

    /// <summary>
    /// A grant was to be ended: <see cref="TraceRecord.Detail"/> the reference, <see cref="TraceRecord.Value"/> 0, or Xen's error number: 16 (EBUSY)
    /// while the other domain has the page mapped.
    /// </summary>
    public const ushort GrantEnd = 0x51;

    /// <summary>
    /// Pages of another domain were mapped in one call: <see cref="TraceRecord.Detail"/> the first reference, <see cref="TraceRecord.Value"/> its
    /// domain,
    /// <see cref="TraceRecord.Count"/> how many (65535: that many or more).
    /// </summary>
    public const ushort GrantMap = 0x52;

    /// <summary>Mappings of another domain's pages were ended: <see cref="TraceRecord.Count"/> how many, as in <see cref="GrantMap"/>.</summary>
    public const ushort GrantUnmap = 0x53;

    /// <summary>
    /// Xen copied to or from pages of other domains: <see cref="TraceRecord.Count"/> how many pieces (as in <see cref="GrantMap"/>),
    /// <see cref="TraceRecord.Value"/> the bytes of all of them.
    /// </summary>
    public const ushort GrantCopy = 0x54;

    /// <summary>
    /// A request went to xenstored: <see cref="TraceRecord.Detail"/> its type (<c>xsd_sockmsg_type</c>, xs_wire.h), <see cref="TraceRecord.Value"/>
    /// its number.
    /// </summary>
    public const ushort XenstoreRequest = 0x60;

    /// <summary>
    /// A reply came from xenstored: <see cref="TraceRecord.Detail"/> its type (16: an error), <see cref="TraceRecord.Value"/> the number of the
    /// request.
    /// </summary>
    public const ushort XenstoreReply = 0x61;

    /// <summary>A watch fired: <see cref="TraceRecord.Value"/> is 0.</summary>
    public const ushort XenstoreWatch = 0x62;

    /// <summary>
    /// Memory of the program's was brought in when it was touched: <see cref="TraceRecord.Value"/> the address, <see cref="TraceRecord.Detail"/> the
    /// processor's error code (bit 1: it was a write).
    /// </summary>
    public const ushort PageFault = 0x70;

    /// <summary>
    /// The program begins something: <see cref="TraceRecord.Detail"/> its name's number, <see cref="TraceRecord.Value"/> the program's.
    /// </summary>
    public const ushort UserBegin = 0x80;

    /// <summary>The program ends what the last <see cref="UserBegin"/> of the same thread with the same name began. Fields as there.</summary>
    public const ushort UserEnd = 0x81;

    /// <summary>Something happened in the program. Fields as in <see cref="UserBegin"/>.</summary>
    public const ushort UserInstant = 0x82;

    /// <summary>
    /// A number of the program's: <see cref="TraceRecord.Detail"/> its name's number, <see cref="TraceRecord.Value"/> the number, signed.
    /// </summary>
    public const ushort UserCounter = 0x83;

    /// <summary>
    /// The program begins something that may go on in other threads (an activity): <see cref="TraceRecord.Detail"/> its name's number,
    /// <see cref="TraceRecord.Value"/> what tells it from others that are under way.
    /// </summary>
    public const ushort UserAsyncBegin = 0x84;

    /// <summary>The program ends the <see cref="UserAsyncBegin"/> with the same name and value.</summary>
    public const ushort UserAsyncEnd = 0x85;
}

/// <summary>Bits of the kinds of records that are written: bit n for the kinds 16n to 16n + 15.</summary>
public static class TraceCategory
{
    /// <summary>Garbage collections and the pauses for them.</summary>
    public const uint Gc = 1 << 1;

    /// <summary>Threads that run, start and end; the domain's CPU that waits.</summary>
    public const uint Scheduler = 1 << 2;

    /// <summary>Xen's timer for the domain.</summary>
    public const uint Timers = 1 << 3;

    /// <summary>Event channels.</summary>
    public const uint Events = 1 << 4;

    /// <summary>Grants given, ended, mapped and copied.</summary>
    public const uint Grants = 1 << 5;

    /// <summary>Xenstore.</summary>
    public const uint Xenstore = 1 << 6;

    /// <summary>Page faults that bring in memory.</summary>
    public const uint PageFaults = 1 << 7;

    /// <summary>The program's own.</summary>
    public const uint User = 1 << 8;
}
