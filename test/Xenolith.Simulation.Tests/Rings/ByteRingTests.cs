using System.Buffers.Binary;
using CsCheck;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Rings;
using Xenolith.Simulation;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Rings;

public sealed class ByteRingTests : IDisposable
{
    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly SimulatedDomain _server, _guest;
    private readonly IoPages _page;

    public ByteRingTests()
    {
        _server = _hypervisor.CreateDomain();
        _guest = _hypervisor.CreateDomain();
        _page = _guest.Platform.Grants.AllocatePages(1);
    }

    public void Dispose() => _hypervisor.Dispose();

    [Fact]
    public void Bytes_come_out_as_they_went_in_however_they_are_cut() =>
        Gen.Select(Gen.Int[0, 1500], Gen.Int[1, 1500]).List[1, 60].Sample(
            cuts =>
            {
                ByteRingWriter writer = new(_page, XenstoreRing.Requests);
                ByteRingReader reader = new(_page, XenstoreRing.Requests);
                Queue<byte> model = new();
                byte next = 0;
                Span<byte> buffer = new byte[1500];
                foreach ((int write, int read) in cuts)
                {
                    for (int i = 0; i < write; i++)
                        buffer[i] = (byte)(next + i);
                    int written = writer.Write(buffer[..write]);
                    Assert.Equal(Math.Min(write, 1024 - model.Count), written);
                    for (int i = 0; i < written; i++)
                        model.Enqueue(next++);
                    int taken = reader.Read(buffer[..read]);
                    Assert.Equal(Math.Min(read, model.Count), taken);
                    for (int i = 0; i < taken; i++)
                        Assert.Equal(model.Dequeue(), buffer[i]);
                }
                while (reader.Read(buffer) > 0)
                {
                }
            },
            iter: 100, threads: 1);

    [Fact]
    public void Only_a_reader_that_had_found_the_ring_empty_is_to_be_notified()
    {
        ByteRingWriter writer = new(_page, XenstoreRing.Requests);
        ByteRingReader reader = new(_page, XenstoreRing.Requests);
        Assert.Equal(10, writer.Write(new byte[10]));
        Assert.True(writer.MustNotify);
        Assert.Equal(10, writer.Write(new byte[10]));
        Assert.False(writer.MustNotify);
        Assert.Equal(15, reader.Read(new byte[15]));
        Assert.Equal(10, writer.Write(new byte[10]));
        Assert.False(writer.MustNotify);
        Assert.Equal(15, reader.Read(new byte[100]));
        Assert.Equal(10, writer.Write(new byte[10]));
        Assert.True(writer.MustNotify);
        Assert.Equal(1014, writer.Write(new byte[2000]));
        Assert.Equal(0, writer.Write(new byte[10]));
        Assert.False(writer.MustNotify);
    }

    [Fact]
    public void Only_a_writer_that_had_found_the_ring_full_is_to_be_notified()
    {
        ByteRingWriter writer = new(_page, XenstoreRing.Replies);
        ByteRingReader reader = new(_page, XenstoreRing.Replies);
        Assert.Equal(1023, writer.Write(new byte[1023]));
        Assert.Equal(1, reader.Read(new byte[1]));
        Assert.False(reader.MustNotify);
        Assert.Equal(2, writer.Write(new byte[10]));
        Assert.Equal(1, reader.Read(new byte[1]));
        Assert.True(reader.MustNotify);
        Assert.Equal(1023, reader.Read(new byte[2000]));
        Assert.False(reader.MustNotify);
        Assert.Equal(0, reader.Read(new byte[1]));
        Assert.False(reader.MustNotify);
    }

    [Theory]
    [InlineData(1025u)]
    [InlineData(0x8000_0000u)]
    [InlineData(uint.MaxValue)]
    public void A_writer_at_an_impossible_place_is_found_out(uint index)
    {
        ByteRingReader reader = new(_page, XenstoreRing.Replies);
        SetIndex(XenstoreRing.Replies.Producer, index);
        Assert.Throws<RingProtocolException>(() => reader.Read(new byte[10]));
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(0x8000_0000u)]
    public void A_reader_at_an_impossible_place_is_found_out(uint index)
    {
        ByteRingWriter writer = new(_page, XenstoreRing.Requests);
        SetIndex(XenstoreRing.Requests.Consumer, index);
        Assert.Throws<RingProtocolException>(() => writer.Write(new byte[10]));
    }

    /// <summary>A peer that writes any index at any time: only documented outcomes, and never a byte outside of the ring.</summary>
    [Fact]
    public void A_hostile_peer_of_a_byte_pipe_causes_protocol_errors_and_nothing_else()
    {
        ByteRingLayout layout = XenstoreRing.Requests;
        ByteRingWriter writer = new(_page, layout);
        ByteRingReader reader = new(_page, layout);
        _page.GetSpan()[layout.Size..layout.Consumer].Fill(0x77);
        Random random = new(1);
        byte[] buffer = new byte[64];
        int errors = 0, moved = 0;
        for (int i = 0; i < 1_000_000; i++)
        {
            if (random.Next(4) == 0)
                SetIndex(random.Next(2) == 0 ? layout.Consumer : layout.Producer, random.Next(2) == 0 ? (uint)random.Next() * 2 : (uint)(i + random.Next(-2000, 2000)));
            try
            {
                int count = random.Next(2) == 0 ? writer.Write(buffer.AsSpan(0, random.Next(65))) : reader.Read(buffer.AsSpan(0, random.Next(65)));
                Assert.InRange(count, 0, 64);
                moved += count;
            }
            catch (RingProtocolException)
            {
                errors++;
            }
        }
        Assert.True(errors > 1000 && moved > 1000);
        Assert.Equal(-1, _page.GetReadOnlySpan()[layout.Size..layout.Consumer].IndexOfAnyExcept((byte)0x77));
    }

    [Fact]
    public void A_layout_outside_the_memory_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new ByteRingWriter(_page, new ByteRingLayout(4000, 128, 0, 4)));
        Assert.Throws<ArgumentException>(() => new ByteRingWriter(_page, new ByteRingLayout(0, 100, 2048, 2052)));
        Assert.Throws<ArgumentException>(() => new ByteRingWriter(_page, new ByteRingLayout(0, 128, 2050, 2052)));
        Assert.Throws<ArgumentException>(() => new ByteRingWriter(_page, new ByteRingLayout(0, 128, 4096, 2052)));
    }

    /// <summary>A writer that forgot where it stood after a partial write would loop for ever or repeat bytes.</summary>
    [Fact]
    public void MSA03_more_bytes_than_the_ring_holds_are_written_in_parts_each_once() => _hypervisor.Run(async () =>
    {
        using EventChannel theirs = _server.Platform.EventChannels.AllocateUnbound(_guest.Id);
        await using XenstoreRing ring = new(_page, _guest.Platform.EventChannels.BindInterdomain(_server.Id, theirs.Port));
        byte[] sent = new byte[10_000];
        new Random(1).NextBytes(sent);
        Task server = EchoAsync();
        Task<byte[]> received = ReadAsync();
        for (int done = 0; done < sent.Length;)
        {
            int count = ring.Write(sent.AsSpan(done));
            done += count;
            if (count == 0)
                Assert.True(await ring.WaitToWriteAsync(default));
        }
        Assert.Equal(sent, await received);
        await server;

        async Task<byte[]> ReadAsync()
        {
            byte[] bytes = new byte[sent.Length];
            for (int done = 0; done < bytes.Length;)
            {
                int count = ring.Read(bytes.AsSpan(done));
                done += count;
                if (count == 0)
                    Assert.True(await ring.WaitToReadAsync(default));
            }
            return bytes;
        }

        // xenstored's side: takes what it can, and gives it back as there is room.
        async Task EchoAsync()
        {
            ByteRingReader requests = new(_page, XenstoreRing.Requests);
            ByteRingWriter replies = new(_page, XenstoreRing.Replies);
            byte[] buffer = new byte[700];
            int held = 0;
            EventCount seen = EventCount.None;
            for (int echoed = 0; echoed < sent.Length;)
            {
                int taken = requests.Read(buffer.AsSpan(held));
                held += taken;
                int given = replies.Write(buffer.AsSpan(0, held));
                buffer.AsSpan(given, held - given).CopyTo(buffer);
                held -= given;
                echoed += given;
                if (taken + given > 0)
                    theirs.Notify();
                else
                    seen = await theirs.WaitAsync(seen);
            }
        }
    });

    [Fact]
    public void A_resume_ends_the_ring_and_says_so_without_an_exception() => _hypervisor.Run(async () =>
    {
        using EventChannel theirs = _server.Platform.EventChannels.AllocateUnbound(_guest.Id);
        await using XenstoreRing ring = new(_page, _guest.Platform.EventChannels.BindInterdomain(_server.Id, theirs.Port));
        while (ring.Read(new byte[1]) == 0 && await ring.WaitToReadAsync(default))
            _guest.SuspendAndResume();
        Assert.False(await ring.WaitToReadAsync(default));
    });

    private void SetIndex(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_page.GetSpan()[offset..], value);
}
