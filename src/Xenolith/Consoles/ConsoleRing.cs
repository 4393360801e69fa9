// The page that the two ends of a console share (Xen: io/console.h).

using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Rings;

namespace Xenolith.Consoles;

/// <summary>One end of a console's two byte rings, and the event channel beside them.</summary>
/// <remarks>
/// <code>
///  byte    0  input,  1024 bytes     back end  --> front end
///       1024  output, 2048 bytes     front end --> back end
///       3072  in_cons   in_prod   out_cons   out_prod        four indexes of 32 bits
/// </code>
/// <para>One thread at a time reads, and one writes. What a bad index of the other end does is told at <see cref="ByteRingReader"/>: an exception and
/// nothing else.</para>
/// </remarks>
public sealed class ConsoleRing
{
    private const int OutData = ConsoleInterface.InSize, Indexes = ConsoleInterface.InSize + ConsoleInterface.OutSize;

    private readonly ByteRingReader _reader;
    private readonly ByteRingWriter _writer;

    private ConsoleRing(SharedMemory page, EventChannel channel, ByteRingLayout read, ByteRingLayout write)
    {
        Channel = channel;
        _reader = new ByteRingReader(page, read);
        _writer = new ByteRingWriter(page, write);
    }

    /// <summary>The ring from the back end to the front end.</summary>
    public static ByteRingLayout Input => new(0, ConsoleInterface.InSize, Consumer: Indexes, Producer: Indexes + 4);

    /// <summary>The ring from the front end to the back end.</summary>
    public static ByteRingLayout Output => new(OutData, ConsoleInterface.OutSize, Consumer: Indexes + 8, Producer: Indexes + 12);

    /// <summary>The channel over which both ends tell of bytes and of room.</summary>
    public EventChannel Channel { get; }

    /// <summary>Bytes that this end has written and the other has not taken yet.</summary>
    /// <exception cref="RingProtocolException">The other end's index is impossible.</exception>
    public int Unread => _writer.Unread;

    /// <summary>The end of the domain whose console it is: reads input, writes output.</summary>
    /// <param name="page">The page, in the layout of <see cref="ConsoleInterface"/>.</param>
    /// <param name="channel">The channel; not owned.</param>
    public static ConsoleRing ForFrontend(SharedMemory page, EventChannel channel) => new(page, channel, Input, Output);

    /// <summary>The end of the domain that serves the console: reads output, writes input.</summary>
    /// <inheritdoc cref="ForFrontend"/>
    public static ConsoleRing ForBackend(SharedMemory page, EventChannel channel) => new(page, channel, Output, Input);

    /// <summary>Takes bytes that the other end wrote and tells it of the room.</summary>
    /// <returns>How many; 0 if there are none now.</returns>
    /// <exception cref="RingProtocolException">The other end's index is impossible.</exception>
    public int Read(Span<byte> destination)
    {
        int count = _reader.Read(destination);
        if (count > 0)
            Channel.Notify();
        return count;
    }

    /// <summary>Takes all bytes that the other end wrote, when it will be told of nothing any more.</summary>
    /// <param name="destination">At least as large as the ring.</param>
    internal int ReadRest(Span<byte> destination) => _reader.Read(destination);

    /// <summary>Puts in as many bytes as there is room for, from the front, and tells the other end.</summary>
    /// <returns>How many; 0 if there is no room now.</returns>
    /// <exception cref="RingProtocolException">The other end's index is impossible.</exception>
    public int Write(ReadOnlySpan<byte> source)
    {
        int count = _writer.Write(source);
        if (count > 0)
            Channel.Notify();
        return count;
    }
}
