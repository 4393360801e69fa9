using System.Buffers.Binary;
using Xenolith.Abi;
using Xenolith.Rings;
using Xenolith.Xenstore;

namespace Xenolith.Simulation.Xenstore;

/// <summary>
/// xenstored's side of one domain's rings: takes requests out of the page when the domain notifies, and puts replies and events into it as there is
/// room.
/// </summary>
/// <remarks>State under the hypervisor's lock.</remarks>
internal sealed class SimulatedXenstoreRing
{
    private readonly SimulatedHypervisor _hypervisor;
    private readonly SimulatedDomain _domain;
    private readonly int _frame;
    private readonly byte[] _buffer = new byte[XenstoreInterface.RingSize];
    private InMemoryChannel? _connection;
    private bool _isServicePosted;

    internal SimulatedXenstoreRing(SimulatedHypervisor hypervisor, SimulatedDomain domain)
    {
        _hypervisor = hypervisor;
        _domain = domain;
        Span<int> frame = stackalloc int[1];
        if (!hypervisor.Memory.TryAllocate(frame))
            throw new SimulationException("The simulated host has no memory left for a domain's xenstore page.");
        _frame = frame[0];
        Page = hypervisor.Memory.Map(frame, readOnly: false);
        Begin();
    }

    /// <summary>The page as the domain sees it; mapped as long as the domain lives.</summary>
    internal nint Page { get; }

    /// <summary>The domain's port of this generation.</summary>
    internal uint Port { get; private set; }

    private Span<byte> Shared => _hypervisor.Memory[_frame];

    /// <summary>Begins anew, as with a restored domain: the page is empty, the port and the connection are new.</summary>
    internal void Begin()
    {
        Shared.Clear();
        _connection = _hypervisor.Xenstored.Open(_domain.Id, PostService);
        Port = _domain.Events.OpenForXenstore(PostService);
    }

    /// <summary>Ends the connection; the domain's watches and transactions go with it.</summary>
    internal void End()
    {
        _connection?.Connection.Close();
        _connection = null;
    }

    /// <summary>The domain is gone.</summary>
    internal void Destroy()
    {
        End();
        SimulatedMemory.MapZeroes(Page, 1, readOnly: false); // a thread of the dead domain may still run here
        _hypervisor.Memory.Free(_frame);
    }

    private void PostService()
    {
        if (Interlocked.Exchange(ref _isServicePosted, true))
            return;
        _hypervisor.Post(Serve);
    }

    private void Serve()
    {
        Volatile.Write(ref _isServicePosted, false); // before looking
        lock (_hypervisor.SyncRoot)
        {
            if (_connection is not { } connection)
                return;
            bool moved = false;
            while (_connection is not null && Move(connection) is > 0)
                moved = true;
            if (moved)
                _domain.Events.Fire(Port);
        }
    }

    /// <summary>Moves what can be moved at once.</summary>
    /// <returns>How many bytes; a domain that breaks the ring is served no longer.</returns>
    private int Move(InMemoryChannel connection)
    {
        if (!TryGetRange(XenstoreRing.Requests, filled: true, out int start, out int pending)
            || !TryGetRange(XenstoreRing.Replies, filled: false, out int end, out int room))
        {
            End();
            return 0;
        }

        Span<byte> shared = Shared;
        Span<byte> requests = shared.Slice(XenstoreRing.Requests.Data, XenstoreRing.Requests.Size);
        for (int i = 0; i < pending; i++)
            _buffer[i] = requests[(start + i) % requests.Length];
        Advance(XenstoreRing.Requests.Consumer, pending);
        connection.Connection.Receive(_buffer.AsSpan(0, pending));

        int count = connection.TryRead(_buffer.AsMemory(0, room));
        Span<byte> replies = shared.Slice(XenstoreRing.Replies.Data, XenstoreRing.Replies.Size);
        for (int i = 0; i < count; i++)
            replies[(end + i) % replies.Length] = _buffer[i];
        Advance(XenstoreRing.Replies.Producer, count);
        return pending + count;
    }

    /// <summary>What is filled, or what is free.</summary>
    /// <returns>False if the indexes are impossible.</returns>
    private bool TryGetRange(ByteRingLayout ring, bool filled, out int start, out int length)
    {
        uint consumer = ReadIndex(ring.Consumer), producer = ReadIndex(ring.Producer), used = producer - consumer;
        start = (int)((filled ? consumer : producer) % (uint)ring.Size);
        length = filled ? (int)used : ring.Size - (int)used;
        return used <= (uint)ring.Size;
    }

    private uint ReadIndex(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(Shared[offset..]);

    private void Advance(int offset, int count)
    {
        Thread.MemoryBarrier(); // the bytes before the index
        BinaryPrimitives.WriteUInt32LittleEndian(Shared[offset..], ReadIndex(offset) + (uint)count);
    }
}
