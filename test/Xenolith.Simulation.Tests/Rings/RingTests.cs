using System.Buffers.Binary;
using CsCheck;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Rings;
using Xenolith.Simulation;

namespace Xenolith.Tests.Rings;

public sealed class RingTests : IDisposable
{
    private readonly SimulatedHypervisor _hypervisor = new();
    private readonly SimulatedDomain _back, _front;

    public RingTests()
    {
        _back = _hypervisor.CreateDomain();
        _front = _hypervisor.CreateDomain();
    }

    /// <summary>12 bytes, as a network front end's requests.</summary>
    private readonly record struct Request(uint Id, uint Reference, uint Length);

    private readonly record struct Response(uint Id, int Status);

    public void Dispose() => _hypervisor.Dispose();

    private (FrontRing<Request, Response> Front, BackRing<Request, Response> Back, SharedPages Shared, ForeignMapping Mapping) Connect(int pages)
    {
        SharedPages shared = _front.Platform.Grants.ShareAsync(_back.Id, pages, GrantAccess.ReadWrite).AsTask().Result;
        ForeignGrant[] grants = [.. shared.References.ToArray().Select(reference => new ForeignGrant(_front.Id, reference))];
        ForeignMapping mapping = _back.Platform.Grants.Map(grants, GrantAccess.ReadWrite);
        return (new(shared.Pages), new(mapping), shared, mapping);
    }

    [Theory]
    [InlineData(1, 12, 256)] // netif's transmit ring
    [InlineData(1, 112, 32)] // blkif's
    [InlineData(2, 112, 64)]
    [InlineData(4, 112, 128)]
    [InlineData(16, 112, 512)]
    public void The_number_of_slots_is_the_largest_power_of_two_that_fits(int pages, int slot, uint slots) =>
        Assert.Equal(slots, RingLayout_SlotsIn(pages, slot));

    [Fact]
    public void The_memory_of_a_new_ring_is_as_ring_h_says()
    {
        var (front, _, shared, _) = Connect(1);
        Assert.Equal([0u, 1u, 0u, 1u], Enumerable.Range(0, 4).Select(word => Word(shared.Pages, word * 4)));
        Assert.True(front.TryEnqueue(new Request(0x11223344, 5, 6)));
        Assert.Equal(0u, Word(shared.Pages, 0)); // not before it is published
        Assert.True(front.Publish());
        Assert.Equal(1u, Word(shared.Pages, 0));
        Assert.Equal(0x11223344u, Word(shared.Pages, 64));
    }

    [Fact]
    public void A_full_ring_takes_no_request_until_a_response_was_taken()
    {
        var (front, back, _, _) = Connect(1);
        for (uint i = 0; i < front.Capacity; i++)
            Assert.True(front.TryEnqueue(new Request(i, 0, 0)));
        Assert.False(front.TryEnqueue(default));
        front.Publish();
        Assert.True(back.TryDequeue(out Request request));
        back.Enqueue(new Response(request.Id, 0));
        back.Publish();
        Assert.False(front.TryEnqueue(default));
        Assert.True(front.TryDequeue(out _));
        Assert.True(front.TryEnqueue(default));
    }

    [Fact]
    public void A_back_end_cannot_respond_more_often_than_it_was_asked()
    {
        var (_, back, _, _) = Connect(1);
        Assert.Throws<InvalidOperationException>(() => back.Enqueue(default));
    }

    [Theory]
    [InlineData(257u)] // more than there are slots
    [InlineData(0x8000_0000u)]
    [InlineData(uint.MaxValue)] // back by one
    public void A_front_end_whose_index_jumps_is_found_out(uint index)
    {
        var (_, back, shared, _) = Connect(1);
        SetWord(shared.Pages, 0, index);
        Assert.Throws<RingProtocolException>(() => back.TryDequeue(out _));
        Assert.Throws<RingProtocolException>(() => back.ArmAndCheck());
    }

    [Fact]
    public void A_front_end_that_produces_over_slots_without_responses_is_found_out()
    {
        var (front, back, shared, _) = Connect(1);
        for (int i = 0; i < front.Capacity; i++)
            front.TryEnqueue(default);
        front.Publish();
        for (int i = 0; i < 10; i++)
            Assert.True(back.TryDequeue(out _));
        SetWord(shared.Pages, 0, (uint)front.Capacity + 1); // ten were taken, none was answered
        Assert.Throws<RingProtocolException>(() => back.TryDequeue(out _));
    }

    [Theory]
    [InlineData(2u)] // one request was made
    [InlineData(0x7fff_ffffu)]
    [InlineData(uint.MaxValue)]
    public void A_back_end_that_claims_responses_to_nothing_is_found_out(uint index)
    {
        var (front, _, _, mapping) = Connect(1);
        front.TryEnqueue(default);
        front.Publish();
        front.TryEnqueue(default); // not published: no response to it is possible
        SetWord(mapping, 8, index);
        Assert.Throws<RingProtocolException>(() => front.TryDequeue(out _));
        Assert.Throws<RingProtocolException>(() => front.ArmAndCheck());
    }

    [Fact]
    public void A_request_is_copied_before_the_front_end_can_change_it_again()
    {
        var (front, back, shared, _) = Connect(1);
        front.TryEnqueue(new Request(1, 2, 3));
        front.Publish();
        Assert.True(back.TryDequeue(out Request request));
        SetWord(shared.Pages, 64 + 8, 0xffff_ffff);
        Assert.Equal(3u, request.Length);
    }

    [Fact]
    public void Two_domains_exchange_ten_thousand_requests_by_events_alone() => _hypervisor.Run(async () =>
    {
        var (front, back, _, _) = Connect(2);
        using EventChannel theirs = _front.Platform.EventChannels.AllocateUnbound(_back.Id);
        using EventChannel ours = _back.Platform.EventChannels.BindInterdomain(_front.Id, theirs.Port);
        const uint Count = 10_000;
        using CancellationTokenSource stop = new();
        Task service = ServeAsync();
        HashSet<uint> answered = [];
        uint next = 0;
        EventCount seen = theirs.Count;
        while (answered.Count < Count)
        {
            while (next < Count && front.TryEnqueue(new Request(next, next * 2, 0)))
                next++;
            if (front.Publish())
                theirs.Notify();
            do
            {
                while (front.TryDequeue(out Response response))
                {
                    Assert.True(answered.Add(response.Id));
                    Assert.Equal((int)response.Id * 2, response.Status);
                }
            }
            while (front.ArmAndCheck());
            if (answered.Count < Count && front.Outstanding > 0)
                seen = await theirs.WaitAsync(seen);
        }
        stop.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => service);

        async Task ServeAsync()
        {
            EventCount last = EventCount.None;
            for (; ; )
            {
                last = await ours.WaitAsync(last, stop.Token);
                do
                {
                    while (back.TryDequeue(out Request request))
                        back.Enqueue(new Response(request.Id, (int)request.Reference));
                    if (back.Publish())
                        ours.Notify();
                }
                while (back.ArmAndCheck());
            }
        }
    });

    [Fact]
    public async Task Two_threads_that_sleep_only_when_the_ring_allows_it_never_sleep_for_ever()
    {
        // Real threads and real memory order: a missing fence shows as a wait that does not end.
        var (front, back, _, _) = Connect(1);
        using SemaphoreSlim toBack = new(0), toFront = new(0);
        const int Count = 50_000;
        Task service = Start(() =>
        {
            for (int served = 0; served < Count;)
            {
                while (back.TryDequeue(out Request request))
                {
                    back.Enqueue(new Response(request.Id, 1));
                    served++;
                }
                if (back.Publish())
                    toFront.Release();
                if (served < Count && !back.ArmAndCheck())
                    Assert.True(toBack.Wait(TimeSpan.FromSeconds(60)));
            }
        });
        Task requests = Start(() =>
        {
            for (uint sent = 0, received = 0; received < Count;)
            {
                while (sent < Count && front.TryEnqueue(new Request(sent, 0, 0)))
                    sent++;
                if (front.Publish())
                    toBack.Release();
                while (front.TryDequeue(out Response response))
                    Assert.Equal(received++, response.Id);
                if (front.Outstanding > 0 && !front.ArmAndCheck())
                    Assert.True(toFront.Wait(TimeSpan.FromSeconds(60)));
            }
        });
        await Task.WhenAll(service, requests);

        // Threads of their own: the thread pool of a busy machine may have none left.
        static Task Start(Action side) => Task.Factory.StartNew(side, default, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Against a queue as the model: any interleaving of both sides loses, repeats and reorders nothing, at any start index.</summary>
    [Fact]
    public void A_ring_behaves_as_two_queues() => Gen.Int[0, 5].List[0, 400].Sample(
        steps =>
        {
            var (front, back, shared, mapping) = Connect(1);
            using (shared)
            using (mapping)
            {
                Queue<uint> unpublished = new(), requests = new(), taken = new(), made = new(), responses = new();
                uint id = 0;
                foreach (int step in steps)
                {
                    switch (step)
                    {
                        case 0:
                            int inUse = unpublished.Count + requests.Count + taken.Count + made.Count + responses.Count;
                            Assert.Equal(inUse, front.Outstanding);
                            Assert.Equal(inUse < front.Capacity, front.TryEnqueue(new Request(id, 0, 0)));
                            if (inUse < front.Capacity)
                                unpublished.Enqueue(id++);
                            break;
                        case 1:
                            front.Publish();
                            Move(unpublished, requests);
                            break;
                        case 2:
                            Assert.Equal(requests.Count > 0, back.TryDequeue(out Request request));
                            if (requests.Count > 0)
                                Assert.Equal(requests.Peek(), request.Id);
                            Move(requests, taken, 1);
                            break;
                        case 3 when taken.Count > 0:
                            back.Enqueue(new Response(taken.Peek(), 0));
                            Move(taken, made, 1);
                            break;
                        case 4:
                            back.Publish();
                            Move(made, responses);
                            break;
                        case 5:
                            Assert.Equal(responses.Count > 0, front.TryDequeue(out Response response));
                            if (responses.TryDequeue(out uint expected))
                                Assert.Equal(expected, response.Id);
                            break;
                    }
                }
            }

            static void Move(Queue<uint> from, Queue<uint> to, int count = int.MaxValue)
            {
                while (count-- > 0 && from.TryDequeue(out uint value))
                    to.Enqueue(value);
            }
        },
        iter: 200, threads: 1);

    /// <summary>A peer that writes anything anywhere in the shared memory: only documented outcomes, on both sides.</summary>
    [Fact]
    public void A_hostile_peer_causes_protocol_errors_and_nothing_else()
    {
        var (front, back, shared, mapping) = Connect(1);
        using IDisposable pages = shared, window = mapping;
        Random random = new(1);
        int errors = 0;
        for (int i = 0; i < 1_000_000; i++)
        {
            SetWord(shared.Pages, random.Next(4) * 4, random.Next(3) == 0 ? (uint)random.Next() * 2 : Word(shared.Pages, random.Next(4) * 4) + (uint)random.Next(-2, 3));
            try
            {
                switch (random.Next(7))
                {
                    case 0:
                        front.TryEnqueue(default);
                        break;
                    case 1:
                        front.Publish();
                        break;
                    case 2:
                        front.TryDequeue(out _);
                        break;
                    case 3:
                        back.TryDequeue(out _);
                        break;
                    case 4 when back.Outstanding > 0:
                        back.Enqueue(default);
                        break;
                    case 5:
                        back.Publish();
                        break;
                    case 6:
                        _ = random.Next(2) == 0 ? front.ArmAndCheck() : back.ArmAndCheck();
                        break;
                }
            }
            catch (RingProtocolException)
            {
                errors++;
            }
            Assert.InRange(front.Outstanding, 0, front.Capacity);
            Assert.InRange(back.Outstanding, 0, back.Capacity);
        }
        Assert.True(errors > 1000);
    }

    [Fact]
    public void A_ring_of_a_connection_from_before_a_resume_is_stale()
    {
        var (_, back, _, _) = Connect(1);
        _back.SuspendAndResume();
        Assert.Throws<StaleHandleException>(() => back.TryDequeue(out _));
    }

    private static uint RingLayout_SlotsIn(int pages, int slot)
    {
        using SimulatedHypervisor hypervisor = new();
        using IoPages memory = hypervisor.CreateDomain().Platform.Grants.AllocatePages(pages);
        return slot switch
        {
            12 => (uint)new FrontRing<Request, Response>(memory).Capacity,
            _ => (uint)new FrontRing<BlockRequest, Response>(memory).Capacity,
        };
    }

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Sequential, Size = 112)]
    private struct BlockRequest;

    private static uint Word(SharedMemory memory, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(memory.GetReadOnlySpan()[offset..]);

    private static void SetWord(SharedMemory memory, int offset, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(memory.GetSpan()[offset..], value);
}
