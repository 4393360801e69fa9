namespace Xenolith.Bed.Protocol;

/// <summary>
/// What travels between the host and the agent in dom0. The connection carries frames:
/// <code>
///   0        4         8      9
///   +--------+---------+------+------------------+
///   | length | channel | kind | payload (length) |     little-endian
///   +--------+---------+------+------------------+
/// </code>
/// The host opens a channel for each request; the agent closes it with the result. In between both may send data on the channel's streams.
/// A sender may have at most <see cref="Window"/> bytes of a stream under way that the receiver has not taken (Credit frames tell what it took),
/// so a slow reader of one stream holds up no other.
/// <para>The port takes 4 KiB at a time, each at the price of an interrupt. So larger pieces go over the exchange: a small disk of the machine
/// whose content is memory that the host shares, divided into slots, one half for each side to write to.</para>
/// </summary>
internal static class Wire
{
    /// <summary>Changes whenever host and agent of different versions would misunderstand each other.</summary>
    public const int Version = 3;

    public const int HeaderSize = 9;

    /// <summary>The most that a frame carries, or refers to.</summary>
    public const int MaxPayload = 512 * 1024;

    /// <summary>The most bytes of a stream under way: enough to keep both sides busy over a round trip of some milliseconds.</summary>
    public const int Window = 4 * 1024 * 1024;

    /// <summary>The name of the virtio-serial port, under which the agent finds it.</summary>
    public const string PortName = "xenolith.bed";
}

internal enum FrameKind : byte
{
    /// <summary>Host to agent: a request, its <see cref="Operation"/> first. Opens the channel.</summary>
    Open = 1,

    /// <summary>A stream's number (a byte), then its next bytes.</summary>
    Data = 2,

    /// <summary>A stream's number: its sender sends no more on it.</summary>
    End = 3,

    /// <summary>A stream's number and an Int32: so many more bytes may be sent on it.</summary>
    Credit = 4,

    /// <summary>Agent to host: the result, a <see cref="ResultStatus"/> first. Nothing follows on the channel.</summary>
    Close = 5,

    /// <summary>Host to agent: the host no longer wants the result. The agent stops what it does and closes the channel.</summary>
    Cancel = 6,

    /// <summary>As Data, but the bytes lie on the exchange: a stream's number, an Int32 slot and an Int32 length.</summary>
    ExchangedData = 7,

    /// <summary>On channel 0: an Int32 slot of the other side's that may be used again.</summary>
    Release = 8,
}

internal enum ResultStatus : byte
{
    /// <summary>The operation's result fields follow.</summary>
    Done = 0,

    /// <summary>A String follows: why it failed.</summary>
    Failed = 1,
}

/// <summary>A channel's streams, named as a program's; other operations say how they use them.</summary>
internal static class StreamNumber
{
    public const byte Input = 0;
    public const byte Output = 1;
    public const byte Error = 2;
    public const int Count = 3;
}

/// <summary>The requests. Fields are listed as: request → result.</summary>
internal enum Operation : byte
{
    /// <summary>Int32 version, Int64 wall clock in ns since 1970 (0: leave dom0's) → Int32 version.</summary>
    Hello = 1,

    /// <summary>
    /// String program, Strings arguments, Strings environment (NAME=value), String directory, Boolean terminal, Int32 columns, Int32 rows → Int32
    /// exit code. Input, Output and Error are the program's; with a terminal, Output is what it shows.
    /// </summary>
    Run = 2,

    /// <summary>String path → Int64 bytes. Input is the content.</summary>
    WriteFile = 3,

    /// <summary>String path → Int64 bytes. Output is the content.</summary>
    ReadFile = 4,

    /// <summary>
    /// String name, String path of the configuration, Boolean hold, Boolean paused → as AttachDomain, and its streams. A failure of xl is a failure
    /// here.
    /// </summary>
    CreateDomain = 5,

    /// <summary>
    /// String name → Int32 shutdown reason, String exit code (empty: none), once the domain has stopped.
    /// Error carries the domain's id (Int32) as soon as it is watched, then for each piece of its console that came an Int64 of the bytes so far and
    /// an Int64 of dom0's monotonic clock in ns; Output its console, complete at the end.
    /// </summary>
    AttachDomain = 6,

    /// <summary>Int32 domain, Boolean paused → Int64 dom0's monotonic clock in ns, just before.</summary>
    PauseDomain = 7,

    /// <summary>Int32 domain, Bytes → nothing. Types into the domain's console.</summary>
    ConsoleInput = 8,

    /// <summary>String path → Boolean present, Bytes value.</summary>
    StoreRead = 9,

    /// <summary>String path, Bytes value → nothing.</summary>
    StoreWrite = 10,

    /// <summary>String path → nothing.</summary>
    StoreRemove = 11,

    /// <summary>String path → Boolean present, Strings names.</summary>
    StoreList = 12,

    /// <summary>
    /// String path → never ends by itself. Output carries, at once and after each change, one Data frame: Boolean present, Bytes value.
    /// </summary>
    StoreWatch = 13,

    /// <summary>
    /// String address, Int32 port → nothing, when both directions have ended. Input and Output are the connection's. Error gets one byte when
    /// connected.
    /// </summary>
    Connect = 14,

    /// <summary>
    /// Int32 domain, Int64 address of its trap stubs → nothing, when the debugger or the domain has ended. Input and Output are gdb's remote
    /// protocol. Error gets one byte when the domain is stopped and gdb may begin.
    /// </summary>
    Debug = 15,
}
