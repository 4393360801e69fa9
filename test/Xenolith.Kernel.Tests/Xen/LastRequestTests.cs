using System.Runtime.InteropServices;
using CsCheck;
using Xenolith.Abi;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Tests.Xen;

/// <summary>The kernel's message at the end of a program that was stopped anywhere in its use of the rings.</summary>
public sealed unsafe class LastRequestTests
{
    private const uint Number = 0x58454331;

    [Fact]
    public void The_daemon_gets_the_programs_last_messages_whole_and_then_ours_and_its_answer_is_found_wherever_the_replies_begin() =>
        Gen.Select(Gen.UInt, Gen.Int[0, 5000], Gen.Int[0, 1024], Gen.Int[0, 3000], Gen.Int[1, 1500], Gen.Bool).Sample(
            (start, programLength, programDone, replyLength, pace, refused) =>
            {
                XenstoreInterface* page = (XenstoreInterface*)NativeMemory.AllocZeroed((nuint)sizeof(XenstoreInterface));
                byte[] program = Bytes(programLength), message = Message(XenstoreMessageType.Write, 20);
                byte[] answer = [.. Bytes(replyLength), .. Message(refused ? XenstoreMessageType.Error : XenstoreMessageType.Write, 7)];
                fixed (byte* programBytes = program, own = message)
                {
                    page->ReqCons = page->ReqProd = page->RspCons = page->RspProd = start;
                    ByteRing requests = new(page->Req, XenstoreInterface.RingSize, &page->ReqCons, &page->ReqProd);
                    ByteRing replies = new(page->Rsp, XenstoreInterface.RingSize, &page->RspCons, &page->RspProd);
                    int done = requests.Write(program.AsSpan(0, Math.Min(programDone, programLength)));
                    LastRequest request = new(requests, replies, programBytes + done, programLength - done, own, message.Length);

                    List<byte> received = [];
                    int sent = 0, idle = 0;
                    byte[] buffer = new byte[pace];
                    LastRequest.Progress progress;
                    while ((progress = request.Step()) is LastRequest.Progress.Moved or LastRequest.Progress.Stuck)
                    {
                        int taken = requests.Read(buffer);
                        received.AddRange(buffer[..taken]);
                        // The daemon has told something before it comes to our message, and answers that last.
                        int ready = received.Count == program.Length + message.Length ? answer.Length : Math.Min(replyLength, received.Count);
                        int given = replies.Write(answer.AsSpan(sent, Math.Min(ready - sent, pace)));
                        sent += given;
                        idle = progress == LastRequest.Progress.Stuck && taken + given == 0 ? idle + 1 : 0;
                        Assert.True(idle < 3, "both sides wait for ever");
                    }

                    Assert.Equal(LastRequest.Progress.Answered, progress);
                    Assert.Equal([.. program, .. message], received);
                }

                NativeMemory.Free(page);
            },
            iter: 20_000);

    [Fact]
    public void Impossible_indexes_end_it()
    {
        XenstoreInterface page = default;
        byte[] message = Message(XenstoreMessageType.Write, 20);
        fixed (byte* own = message)
        {
            page.ReqCons = 1;
            LastRequest request = new(
                new ByteRing(page.Req, XenstoreInterface.RingSize, &page.ReqCons, &page.ReqProd),
                new ByteRing(page.Rsp, XenstoreInterface.RingSize, &page.RspCons, &page.RspProd), null, 0, own, message.Length);
            Assert.Equal(LastRequest.Progress.Broken, request.Step());
            page.ReqCons = 0;
            page.RspProd = 5000;
            Assert.Equal(LastRequest.Progress.Broken, request.Step());
        }
    }

    private static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(i * 7))];

    private static byte[] Message(XenstoreMessageType type, int length)
    {
        byte[] message = new byte[sizeof(XenstoreMessageHeader) + length];
        MemoryMarshal.Write(message, new XenstoreMessageHeader { Type = (uint)type, ReqId = Number, Len = (uint)length });
        return message;
    }
}
