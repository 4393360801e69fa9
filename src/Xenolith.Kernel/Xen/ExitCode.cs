// The program's exit code for the toolstack: written to data/exit-code in xenstore while the console drains.
// A few lines of the xenstore protocol (Xen: io/xs_wire.h, docs/misc/xenstore.txt), synchronous, at the very end.
using System;
using Xenolith.Abi;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Xen;

internal static unsafe class ExitCode
{
    // Relative paths start at the domain's own home, /local/domain/N; the toolstack lets a domain write below data/.
    private static ReadOnlySpan<byte> Path => "data/exit-code\0"u8;
    private const uint RequestId = 0x58454331;
    private const int DigitsMaximum = 3;
    private const ulong Patience = 2 * Clock.NanosecondsPerSecond;

    /// <summary>Writes the code (0-255) and waits until it is stored and the console is empty, or nobody takes either any more.</summary>
    internal static void Report(int code)
    {
        XenstoreInterface* page = Hypervisor.StorePage();
        bool sent = page != null && Send(page, code);
        if (sent)
            Await(page);
        ConsoleRing.Flush();
    }

    private static bool Send(XenstoreInterface* page, int code)
    {
        byte* digits = stackalloc byte[DigitsMaximum];
        int first = DigitsMaximum;
        do
        {
            digits[--first] = (byte)('0' + code % 10);
            code /= 10;
        }
        while (code != 0);

        XenstoreMessageHeader header;
        header.Type = (uint)XenstoreMessageType.Write;
        header.ReqId = RequestId;
        header.TxId = 0;
        header.Len = (uint)(Path.Length + DigitsMaximum - first);
        ByteRing requests = new(page->Req, XenstoreInterface.RingSize, &page->ReqCons, &page->ReqProd);
        if (requests.Free < sizeof(XenstoreMessageHeader) + (int)header.Len)
            return false;
        requests.Write(new ReadOnlySpan<byte>(&header, sizeof(XenstoreMessageHeader)));
        requests.Write(Path);
        requests.Write(new ReadOnlySpan<byte>(digits + first, DigitsMaximum - first));
        EventChannels.Clear(Hypervisor.StorePort);
        Hypercalls.Notify(Hypervisor.StorePort);
        return true;
    }

    /// <summary>Reads replies until ours has come; others (watch events that nobody will handle any more) are dropped.</summary>
    private static void Await(XenstoreInterface* page)
    {
        ByteRing replies = new(page->Rsp, XenstoreInterface.RingSize, &page->RspCons, &page->RspProd);
        XenstoreMessageHeader header = default;
        int have = 0;
        uint skip = 0;
        byte* scrap = stackalloc byte[128];
        ulong deadline = Clock.Now() + Patience;
        for (; ; )
        {
            int count = skip > 0
                ? replies.Read(new Span<byte>(scrap, skip < 128 ? (int)skip : 128))
                : replies.Read(new Span<byte>((byte*)&header + have, sizeof(XenstoreMessageHeader) - have));
            if (count < 0)
                return; // the ring is broken; the console still has the code
            if (count == 0)
            {
                if (Clock.Now() >= deadline)
                    return;
                // Looked at once more after the event was taken back, so that none is missed.
                EventChannels.Clear(Hypervisor.StorePort);
                if (replies.Pending != 0)
                    continue;
                uint port = Hypervisor.StorePort;
                Hypercalls.Poll(&port, 1, deadline);
                continue;
            }
            if (skip > 0)
                skip -= (uint)count;
            else if ((have += count) == sizeof(XenstoreMessageHeader))
            {
                if (header.ReqId == RequestId && header.Type is (uint)XenstoreMessageType.Write or (uint)XenstoreMessageType.Error)
                    return;
                have = 0;
                skip = header.Len > XenstoreLimit.PayloadMax ? 0 : header.Len;
            }
        }
    }
}
