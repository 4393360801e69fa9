using System.Runtime.CompilerServices;
using Xenolith.Grants;

namespace Xenolith.Rings;

/// <summary>The front end's side of a request/response ring: makes requests and takes responses, in whatever order the back end gives them.</summary>
/// <remarks>
/// <para>For one thread at a time. The page layout and the order of accesses are told at <c>RingLayout</c>; a ring of several pages has them
/// contiguous.</para>
/// <code>
/// EventCount seen = channel.Count;
/// while (ring.TryEnqueue(request)) { ... }
/// if (ring.Publish()) channel.Notify();
/// do { while (ring.TryDequeue(out response)) { ... } } while (ring.ArmAndCheck());
/// await channel.WaitAsync(seen);
/// </code>
/// </remarks>
/// <typeparam name="TRequest">A request as the device's protocol lays it out.</typeparam>
/// <typeparam name="TResponse">A response.</typeparam>
public sealed class FrontRing<TRequest, TResponse>
    where TRequest : unmanaged
    where TResponse : unmanaged
{
    private readonly RingLayout _ring;
    private uint _requestProducer, _published; // ours; the shared index is only written, because the other side can change it
    private uint _responseConsumer;

    /// <summary>Sets up a new ring.</summary>
    /// <param name="memory">All of its pages; zeroed, and granted to the back end by the caller.</param>
    public FrontRing(SharedMemory memory)
    {
        _ring = new RingLayout(memory, Math.Max(Unsafe.SizeOf<TRequest>(), Unsafe.SizeOf<TResponse>()));
        _ring.Initialize();
    }

    /// <summary>Slots of the ring, a power of two.</summary>
    public int Capacity => (int)_ring.Slots;

    /// <summary>Requests that can be made now.</summary>
    public int Free => (int)(_ring.Slots - (_requestProducer - _responseConsumer));

    /// <summary>Requests that have no response yet, with those not published.</summary>
    public int Outstanding => (int)(_requestProducer - _responseConsumer);

    /// <summary>Puts a request into the next slot. The back end does not see it before <see cref="Publish"/>.</summary>
    /// <returns>False if the ring is full: every slot waits for its response.</returns>
    public bool TryEnqueue(in TRequest request)
    {
        if (Free == 0)
            return false;
        _ring.WriteSlot(_requestProducer++, request);
        return true;
    }

    /// <summary>Makes all requests visible to the back end.</summary>
    /// <returns>Whether it wants a notification: call <see cref="EventChannels.EventChannel.Notify"/> then.</returns>
    public bool Publish()
    {
        uint old = _published, now = _requestProducer;
        _published = now;
        _ring.RequestProducerIndex = now; // after the slots
        Interlocked.MemoryBarrier(); // the index is visible before we look whether somebody waits for it
        return now - _ring.RequestEventIndex < now - old;
    }

    /// <summary>Takes the next response.</summary>
    /// <returns>False if there is none now.</returns>
    /// <exception cref="RingProtocolException">The back end claims more responses than there were requests, or its index went back.</exception>
    public bool TryDequeue(out TResponse response)
    {
        if (Available() == 0)
        {
            response = default;
            return false;
        }
        response = _ring.ReadSlot<TResponse>(_responseConsumer++); // after the index
        return true;
    }

    /// <summary>Asks to be notified of the next response, and looks once more.</summary>
    /// <returns>True if there is a response after all; else one may wait for an event.</returns>
    /// <exception cref="RingProtocolException">As for <see cref="TryDequeue"/>.</exception>
    public bool ArmAndCheck()
    {
        if (Available() > 0)
            return true;
        _ring.ResponseEventIndex = _responseConsumer + 1;
        Interlocked.MemoryBarrier(); // the wish is visible before we look for the last time
        return Available() > 0;
    }

    private uint Available()
    {
        uint available = _ring.ResponseProducerIndex - _responseConsumer;
        // Of what was published: nobody can respond to a request that he cannot see.
        uint asked = _published - _responseConsumer;
        return available <= asked ? available : throw new RingProtocolException($"The back end claims {available} responses to {asked} requests.");
    }
}
