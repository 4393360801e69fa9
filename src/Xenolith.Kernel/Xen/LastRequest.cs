// The kernel's one request to xenstored, at the end of the program, on the ring that the program has used.
//
// The program's threads stop wherever they are. So the rings can be in any of these states:
//
//   requests   between two messages; or within one that did not fit, whose rest is in the program's memory (PlatformXenstoreUnsent).
//              That rest goes first, else the daemon would take our bytes for the program's. Bytes behind the producer index do not count.
//   replies    anywhere within a message, since the program may have taken its beginning. So nothing is parsed: the beginning of our
//              reply, its type and number, is looked for in the stream.
using Xenolith.Abi;

namespace Xenolith.Kernel.Xen;

/// <summary>Moves the bytes in steps, between which the caller notifies the daemon or waits for it.</summary>
internal unsafe struct LastRequest
{
    internal enum Progress
    {
        /// <summary>Bytes were moved: notify the daemon.</summary>
        Moved,

        /// <summary>Nothing can be done now: wait for the daemon.</summary>
        Stuck,

        /// <summary>The daemon has answered.</summary>
        Answered,

        /// <summary>A ring's indexes make no sense.</summary>
        Broken,
    }

    private const int ScrapSize = 128;

    private readonly ByteRing requests;
    private readonly ByteRing replies;
    private readonly ulong stored, refused;
    private byte* next;
    private int length;
    private byte* own;
    private int ownLength;
    private ulong window;

    /// <param name="requestRing">The ring to the daemon.</param>
    /// <param name="replyRing">The ring from the daemon.</param>
    /// <param name="rest">What is left of the program's last messages.</param>
    /// <param name="restLength">Its length; 0 for nothing.</param>
    /// <param name="message">Our message, header included.</param>
    /// <param name="messageLength">Its length.</param>
    internal LastRequest(ByteRing requestRing, ByteRing replyRing, byte* rest, int restLength, byte* message, int messageLength)
    {
        requests = requestRing;
        replies = replyRing;
        next = rest;
        length = restLength;
        own = message;
        ownLength = messageLength;
        XenstoreMessageHeader* header = (XenstoreMessageHeader*)message;
        stored = (ulong)header->ReqId << 32 | header->Type;
        refused = (ulong)header->ReqId << 32 | (uint)XenstoreMessageType.Error;
        window = 0;
    }

    internal Progress Step()
    {
        if (length == 0)
        {
            next = own;
            length = ownLength;
            ownLength = 0;
        }
        int put = requests.Write(new System.ReadOnlySpan<byte>(next, length));
        if (put < 0)
            return Progress.Broken;
        next += put;
        length -= put;

        byte* scrap = stackalloc byte[ScrapSize];
        int got = replies.Read(new System.Span<byte>(scrap, ScrapSize));
        if (got < 0)
            return Progress.Broken;
        for (int i = 0; i < got; i++)
        {
            // The last eight bytes, as a header begins: the type, then the number of the request.
            window = window >> 8 | (ulong)scrap[i] << 56;
            if (window == stored || window == refused)
                return Progress.Answered;
        }
        return put + got > 0 || (length == 0 && ownLength > 0) ? Progress.Moved : Progress.Stuck;
    }
}
