using System.Runtime.InteropServices;
using CsCheck;
using Xenolith.Abi;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Tests.Xen;

public sealed unsafe class ByteRingTests : IDisposable
{
    private readonly ConsoleInterface* page = (ConsoleInterface*)NativeMemory.AllocZeroed((nuint)sizeof(ConsoleInterface));

    private ByteRing Output => new(page->Out, ConsoleInterface.OutSize, &page->OutCons, &page->OutProd);

    private ByteRing Input => new(page->In, ConsoleInterface.InSize, &page->InCons, &page->InProd);

    public void Dispose() => NativeMemory.Free(page);

    [Fact]
    public void A_write_takes_what_there_is_room_for()
    {
        Assert.Equal(ConsoleInterface.OutSize, Output.Free);
        Assert.Equal(ConsoleInterface.OutSize, Output.Write(new byte[3000]));
        Assert.Equal(0, Output.Free);
        Assert.Equal(0, Output.Write([1]));
        Assert.Equal((uint)ConsoleInterface.OutSize, page->OutProd);
        page->OutCons += 10;
        Assert.Equal(10, Output.Write(new byte[20]));
        Assert.Equal(ConsoleInterface.OutSize, Output.Pending);
    }

    [Fact]
    public void A_read_takes_what_there_is()
    {
        Assert.Equal(0, Input.Read(new byte[10]));
        Input.Write("hello"u8);
        byte[] bytes = new byte[3];
        Assert.Equal(3, Input.Read(bytes));
        Assert.Equal("hel"u8, bytes);
        Assert.Equal(2, Input.Pending);
        Assert.Equal(2, Input.Read(bytes));
        Assert.Equal("lol"u8, bytes);
        Assert.Equal(page->InProd, page->InCons);
    }

    [Fact]
    public void Bytes_come_out_as_they_went_in_across_the_end_of_the_ring_and_of_the_index()
    {
        Gen.Select(Gen.UInt, Gen.Int[0, 1500].Array[1, 40]).Sample((start, sizes) =>
        {
            ConsoleInterface own = default;
            // The index wraps at 2^32 within the run, or anywhere.
            own.InCons = own.InProd = start % 2 == 0 ? start : 0 - (start % 3000);
            var ring = new ByteRing(own.In, ConsoleInterface.InSize, &own.InCons, &own.InProd);
            Queue<byte> model = new();
            byte next = 0;
            foreach (int size in sizes)
            {
                byte[] bytes = new byte[size];
                if (size % 2 == 0)
                {
                    for (int i = 0; i < size; i++)
                        bytes[i] = (byte)(next + i);
                    int written = ring.Write(bytes);
                    Assert.Equal(Math.Min(size, ConsoleInterface.InSize - model.Count), written);
                    next += (byte)written;
                    for (int i = 0; i < written; i++)
                        model.Enqueue(bytes[i]);
                }
                else
                {
                    int read = ring.Read(bytes);
                    Assert.Equal(Math.Min(size, model.Count), read);
                    for (int i = 0; i < read; i++)
                        Assert.Equal(model.Dequeue(), bytes[i]);
                    Assert.All(bytes[read..], b => Assert.Equal(0, b));
                }

                Assert.Equal(model.Count, ring.Pending);
                Assert.Equal(ConsoleInterface.InSize - model.Count, ring.Free);
            }
        }, iter: 500);
    }

    [Theory]
    [InlineData(0u, 1025u)]
    [InlineData(1u, 0u)]
    [InlineData(5u, 0x80000000u)]
    [InlineData(0xFFFFFFFFu, 1024u)]
    public void Indexes_too_far_apart_are_a_broken_ring_and_nothing_moves(uint consumer, uint producer)
    {
        page->InCons = consumer;
        page->InProd = producer;
        byte[] before = new Span<byte>(page, sizeof(ConsoleInterface)).ToArray();
        Assert.Equal(ByteRing.Broken, Input.Pending);
        Assert.Equal(ByteRing.Broken, Input.Free);
        Assert.Equal(ByteRing.Broken, Input.Write([1, 2, 3]));
        Assert.Equal(ByteRing.Broken, Input.Read(new byte[10]));
        Assert.Equal(before, new Span<byte>(page, sizeof(ConsoleInterface)).ToArray());
    }

    [Fact]
    public void A_million_hostile_indexes_never_make_it_touch_memory_outside_the_ring()
    {
        const int ringSize = 1024;
        Random random = new(1024);
        byte* memory = stackalloc byte[3 * ringSize];
        Span<byte> all = new(memory, 3 * ringSize);
        all.Fill(0x5A);
        byte[] buffer = new byte[3 * ringSize];
        for (int i = 0; i < 1_000_000; i++)
        {
            uint consumer = (uint)random.NextInt64(1L << 32);
            // Near each other as a rule, where the edges are; else anywhere.
            uint producer = i % 4 == 0 ? (uint)random.NextInt64(1L << 32) : consumer + (uint)random.Next(2 * ringSize);
            bool broken = producer - consumer > ringSize;
            int size = random.Next(buffer.Length), pending = (int)(producer - consumer);
            var ring = new ByteRing(memory + ringSize, ringSize, &consumer, &producer);
            Assert.Equal(broken ? ByteRing.Broken : Math.Min(size, ringSize - pending), ring.Write(buffer.AsSpan(0, size)));
            pending = (int)(producer - consumer);
            Assert.Equal(broken ? ByteRing.Broken : Math.Min(size, pending), ring.Read(buffer.AsSpan(0, size)));
            Assert.Equal(-1, all[..ringSize].IndexOfAnyExcept((byte)0x5A));
            Assert.Equal(-1, all[(2 * ringSize)..].IndexOfAnyExcept((byte)0x5A));
        }
    }

    [Fact]
    public void Two_threads_pass_a_stream_through_in_order()
    {
        const int total = 1_000_000;
        byte[] sent = new byte[total];
        new Random(1).NextBytes(sent);
        byte[] received = new byte[total];
        var producer = new Thread(() =>
        {
            for (int at = 0; at < total;)
                at += Output.Write(sent.AsSpan(at, Math.Min(total - at, 777)));
        });
        producer.Start();
        for (int at = 0; at < total;)
            at += Output.Read(received.AsSpan(at, Math.Min(total - at, 555)));
        producer.Join();
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }
}
