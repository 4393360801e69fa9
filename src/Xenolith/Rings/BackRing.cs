using System.Runtime.CompilerServices;
using Xenolith.Grants;

namespace Xenolith.Rings;

/// <summary>The back end's side of a request/response ring: takes requests and gives responses, in any order.</summary>
/// <remarks>For one thread at a time. The mirror image of <see cref="FrontRing{TRequest, TResponse}"/>, whose remarks apply.</remarks>
/// <typeparam name="TRequest">A request as the device's protocol lays it out.</typeparam>
/// <typeparam name="TResponse">A response.</typeparam>
public sealed class BackRing<TRequest, TResponse>
    where TRequest : unmanaged
    where TResponse : unmanaged
{
    private readonly RingLayout _ring;
    private uint _requestConsumer;
    private uint _responseProducer, _published; // ours; the shared index is only written, because the other side can change it

    /// <summary>Takes over a ring that the front end has set up, and on which nothing was answered yet.</summary>
    /// <param name="memory">All of its pages, mapped contiguously and for writing.</param>
    public BackRing(SharedMemory memory) =>
        _ring = new RingLayout(memory, Math.Max(Unsafe.SizeOf<TRequest>(), Unsafe.SizeOf<TResponse>()));

    /// <summary>Slots of the ring, a power of two.</summary>
    public int Capacity => (int)_ring.Slots;

    /// <summary>Requests that were taken and have no response yet.</summary>
    public int Outstanding => (int)(_requestConsumer - _responseProducer);

    /// <summary>Takes the next request: a copy, which the front end cannot change any more. It still needs to be checked.</summary>
    /// <returns>False if there is none now.</returns>
    /// <exception cref="RingProtocolException">The front end claims more requests than there are free slots, or its index went back.</exception>
    public bool TryDequeue(out TRequest request)
    {
        if (Available() == 0)
        {
            request = default;
            return false;
        }
        request = _ring.ReadSlot<TRequest>(_requestConsumer++); // after the index
        return true;
    }

    /// <summary>Puts a response into the next slot. The front end does not see it before <see cref="Publish"/>.</summary>
    /// <exception cref="InvalidOperationException">Every request that was taken has its response: a fault of the caller.</exception>
    public void Enqueue(in TResponse response)
    {
        if (Outstanding == 0)
            throw new InvalidOperationException("There is no request to respond to.");
        _ring.WriteSlot(_responseProducer++, response);
    }

    /// <summary>Makes all responses visible to the front end.</summary>
    /// <returns>Whether it wants a notification.</returns>
    public bool Publish()
    {
        uint old = _published, now = _responseProducer;
        _published = now;
        _ring.ResponseProducerIndex = now; // after the slots
        Interlocked.MemoryBarrier(); // the index is visible before we look whether somebody waits for it
        return now - _ring.ResponseEventIndex < now - old;
    }

    /// <summary>Asks to be notified of the next request, and looks once more.</summary>
    /// <returns>True if there is a request after all; else one may wait for an event.</returns>
    /// <exception cref="RingProtocolException">As for <see cref="TryDequeue"/>.</exception>
    public bool ArmAndCheck()
    {
        if (Available() > 0)
            return true;
        _ring.RequestEventIndex = _requestConsumer + 1;
        Interlocked.MemoryBarrier(); // the wish is visible before we look for the last time
        return Available() > 0;
    }

    private uint Available()
    {
        uint producer = _ring.RequestProducerIndex;
        // A front end has at most one request a slot without a response. More would overwrite slots; an index that went back looks like very many.
        return producer - _responseProducer <= _ring.Slots && producer - _requestConsumer <= _ring.Slots
            ? producer - _requestConsumer
            : throw _ring.Blame($"The front end claims {producer - _responseProducer} requests in a ring of {_ring.Slots}.");
    }
}
