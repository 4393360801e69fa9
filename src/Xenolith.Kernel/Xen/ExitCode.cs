// The program's exit code for the toolstack: written to data/exit-code in xenstore while the console drains.
// A few lines of the xenstore protocol (Xen: io/xs_wire.h, docs/misc/xenstore.txt), synchronous, at the very end.
using System;
using System.Threading;
using Xenolith.Abi;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Xen;

internal static unsafe class ExitCode
{
    // Relative paths start at the domain's own home, /local/domain/N; the toolstack lets a domain write below data/.
    private static ReadOnlySpan<byte> Path => "data/exit-code\0"u8;
    private const uint RequestId = 0x58454331;
    private const int DigitsMaximum = 3;
    private const int MessageMaximum = 64;
    private const uint UnsentMaximum = 16 << 20; // more than a program can have under way
    private const ulong Patience = 2 * Clock.NanosecondsPerSecond;

    private static ulong unsent;

    /// <summary>Remembers where the program says what does not fit into the ring; 0: nowhere.</summary>
    internal static void SetUnsent(ulong structure) => unsent = structure;

    /// <summary>After a resume: the ring is another, to which nothing of what was under way belongs.</summary>
    internal static void Resume()
    {
        if (unsent != 0 && UserMemory.IsWritable(unsent, (ulong)sizeof(PlatformXenstoreUnsent)))
            ((PlatformXenstoreUnsent*)unsent)->Length = 0;
    }

    /// <summary>Writes the code (0-255) and waits until it is stored and the console is empty, or nobody takes either any more.</summary>
    internal static void Report(int code)
    {
        XenstoreInterface* page = Hypervisor.StorePage();
        if (page != null)
            Send(page, code);
        ConsoleRing.Flush();
    }

    private static void Send(XenstoreInterface* page, int code)
    {
        byte* message = stackalloc byte[MessageMaximum];
        int length = Format(message, code);
        int left = Unsent(Volatile.Read(ref page->ReqProd), out byte* rest);
        ByteRing requests = new(page->Req, XenstoreInterface.RingSize, &page->ReqCons, &page->ReqProd);
        ByteRing replies = new(page->Rsp, XenstoreInterface.RingSize, &page->RspCons, &page->RspProd);
        LastRequest request = new(requests, replies, rest, left, message, length);
        uint port = Hypervisor.StorePort;
        ulong deadline = Clock.Now() + Patience;
        bool looksAgain = false;
        while (Clock.Now() < deadline)
        {
            switch (request.Step())
            {
                case LastRequest.Progress.Moved:
                    Hypercalls.Notify(port);
                    looksAgain = false;
                    break;
                case LastRequest.Progress.Stuck:
                    // Looked at once more after the event was taken back, so that none is missed.
                    if (looksAgain)
                        Hypercalls.Poll(&port, 1, deadline);
                    else
                        EventChannels.Clear(port);
                    looksAgain = !looksAgain;
                    break;
                default:
                    return; // done, or broken: the console still has the code
            }
        }
    }

    private static int Format(byte* message, int code)
    {
        XenstoreMessageHeader* header = (XenstoreMessageHeader*)message;
        byte* end = message + sizeof(XenstoreMessageHeader);
        ReadOnlySpan<byte> path = Path;
        for (int i = 0; i < path.Length; i++)
            *end++ = path[i];
        byte* digits = stackalloc byte[DigitsMaximum];
        int count = 0;
        do
        {
            digits[count++] = (byte)('0' + code % 10);
            code /= 10;
        }
        while (code != 0);
        while (count > 0)
            *end++ = digits[--count];
        header->Type = (uint)XenstoreMessageType.Write;
        header->ReqId = RequestId;
        header->TxId = 0;
        header->Len = (uint)(end - message - sizeof(XenstoreMessageHeader));
        return (int)(end - message);
    }

    /// <summary>What the program has announced and not put into the ring yet. Its structure is copied once and checked then.</summary>
    private static int Unsent(uint producer, out byte* rest)
    {
        rest = null;
        if (unsent == 0 || !UserMemory.IsReadable(unsent, (ulong)sizeof(PlatformXenstoreUnsent)))
            return 0;
        PlatformXenstoreUnsent copy = *(PlatformXenstoreUnsent*)unsent;
        uint done = producer - copy.Start;
        if (done >= copy.Length || copy.Length > UnsentMaximum || !UserMemory.IsReadable(copy.Address, copy.Length))
            return 0;
        rest = (byte*)copy.Address + done;
        return (int)(copy.Length - done);
    }
}
