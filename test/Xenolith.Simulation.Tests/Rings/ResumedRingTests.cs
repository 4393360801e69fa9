using System.Runtime.InteropServices;
using Xenolith.Grants;
using Xenolith.Rings;

namespace Xenolith.Tests.Rings;

/// <summary>
/// A back end that is stopped in the middle of using a ring, and goes on after a resume, when the mapping reads as zeroes: nobody is to blame, and
/// nothing was asked for.
/// </summary>
public sealed class ResumedRingTests
{
    private const int MostLooks = 100;

    private readonly record struct Request(uint Id, uint Reference, uint Length);

    private readonly record struct Response(uint Id, int Status);

    [Fact]
    public void A_request_is_what_the_front_end_made_or_none()
    {
        for (int looks = 0; looks < MostLooks; looks++)
        {
            using FadingMemory memory = new();
            FrontRing<Request, Response> front = new(memory);
            BackRing<Request, Response> back = new(memory);
            for (uint id = 1; id <= 5; id++)
                front.TryEnqueue(new Request(id, id, id));
            front.Publish();
            memory.FadeAfter(looks);
            uint next = 1;
            Exception? error = Record.Exception(() =>
            {
                do
                {
                    while (back.TryDequeue(out Request request))
                    {
                        Assert.Equal(new Request(next, next, next), request);
                        back.Enqueue(new Response(next++, 0));
                        back.Publish();
                    }
                }
                while (back.ArmAndCheck());
            });
            if (error is null)
                return; // it was done before
            Assert.IsType<StaleHandleException>(error);
        }
        Assert.Fail("The ring never ran dry.");
    }

    [Fact]
    public void Bytes_are_what_the_other_end_wrote_or_none()
    {
        ByteRingLayout layout = new(0, 64, Consumer: 64, Producer: 68);
        for (int looks = 0; looks < MostLooks; looks++)
        {
            using FadingMemory memory = new();
            ByteRingWriter theirs = new(memory, layout), ours = new(memory, layout with { Data = 128, Consumer = 192, Producer = 196 });
            ByteRingReader reader = new(memory, layout), other = new(memory, layout with { Data = 128, Consumer = 192, Producer = 196 });
            byte[] seen = new byte[10];
            // The indexes are far from zero.
            for (int i = 0; i < 10; i++)
            {
                Assert.Equal((10, 10), (theirs.Write(new byte[10]), reader.Read(seen)));
                Assert.Equal((10, 10), (ours.Write(new byte[10]), other.Read(seen)));
            }
            byte[] sent = [1, 2, 3, 4, 5];
            theirs.Write(sent);
            memory.FadeAfter(looks);
            Exception? error = Record.Exception(() =>
            {
                int count = reader.Read(seen);
                Assert.Equal(sent, seen[..count]);
                ours.Write(sent);
                _ = ours.Unread;
            });
            if (error is null)
                return;
            Assert.IsType<StaleHandleException>(error);
        }
        Assert.Fail("The ring never ran dry.");
    }

    /// <summary>A page that is zeroed behind the back of whoever has looked whether it is there, after so many looks.</summary>
    private sealed unsafe class FadingMemory() : SharedMemory(Allocate(), pages: 1)
    {
        private int _looks = int.MaxValue;

        public override bool CanWrite => true;

        internal void FadeAfter(int looks) => _looks = looks;

        private protected override void Hold()
        {
        }

        private protected override void Release()
        {
        }

        private protected override void ThrowIfUnusable(bool forWriting)
        {
            if (_looks < 0)
                throw new StaleHandleException("The page");
            if (_looks-- == 0)
                new Span<byte>(Start, PageSize).Clear();
        }

        protected override void Dispose(bool disposing) => NativeMemory.AlignedFree(Start);

        private static nint Allocate()
        {
            void* page = NativeMemory.AlignedAlloc(PageSize, PageSize);
            NativeMemory.Clear(page, PageSize);
            return (nint)page;
        }
    }
}
