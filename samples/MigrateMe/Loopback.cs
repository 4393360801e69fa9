using System.Buffers.Binary;
using Xenolith;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Rings;

namespace MigrateMe;

/// <summary>
/// Both ends of a connection as two domains have it, within this one: a granted page with a ring of bytes in each direction, and an event channel.
/// Made anew after each resume; nothing else is needed to outlive it.
/// </summary>
internal sealed class Loopback(XenPlatform platform, Observations seen)
{
    private static readonly ByteRingLayout There = new(0, 1024, Consumer: 2048, Producer: 2052), Back = new(1024, 1024, Consumer: 2056, Producer: 2060);

    private long _rounds;

    internal long Rounds => Volatile.Read(ref _rounds);

    internal int Rings { get; private set; }

    internal async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            Generation generation = platform.Generation;
            using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(stop, generation.Ended);
            try
            {
                await ConnectAndServeAsync(both.Token);
            }
            catch (StaleHandleException) when (platform.Generation != generation)
            {
            }
            catch (OperationCanceledException) when (both.IsCancellationRequested)
            {
            }
            catch (XenException) when (platform.Generation != generation)
            {
                // Resumed between two steps of connecting: one end was of before.
            }
            catch (Exception error)
            {
                seen.Add($"the ring: {error.Message}");
                return;
            }
        }
    }

    internal async Task WaitForRoundsAsync(long rounds)
    {
        while (Rounds < rounds && seen.Problems.Count == 0)
            await Task.Delay(10);
    }

    private async Task ConnectAndServeAsync(CancellationToken stop)
    {
        ushort self = (ushort)XenHost.TryGet()!.DomainId!.Value;
        await using SharedPages shared = await platform.Grants.ShareAsync(self, 1, GrantAccess.ReadWrite, stop);
        using ForeignMapping mapping = platform.Grants.Map(new ForeignGrant(self, shared.References[0]), GrantAccess.ReadWrite);
        using EventChannel offered = platform.EventChannels.AllocateUnbound(self);
        using EventChannel connected = platform.EventChannels.BindInterdomain(self, offered.Port);
        Rings++;
        Task answering = AnswerAsync(mapping, connected, stop);
        try
        {
            await AskAsync(shared.Pages, offered, stop);
        }
        finally
        {
            await answering.ContinueWith(static _ => { }, TaskScheduler.Default); // has the same reason to end
        }
    }

    /// <summary>Sends numbers, and expects each back.</summary>
    private async Task AskAsync(SharedMemory page, EventChannel channel, CancellationToken stop)
    {
        ByteRingWriter writer = new(page, There);
        ByteRingReader reader = new(page, Back);
        byte[] number = new byte[sizeof(long)], answer = new byte[sizeof(long)];
        for (long i = 0; ; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(number, i);
            EventCount count = channel.Count;
            writer.Write(number);
            channel.Notify();
            while (reader.Read(answer) == 0)
                count = await channel.WaitAsync(count, stop);
            if (!answer.AsSpan().SequenceEqual(number))
                throw new InvalidOperationException($"{i} came back as {BinaryPrimitives.ReadInt64LittleEndian(answer)}");
            Interlocked.Increment(ref _rounds);
        }
    }

    private static async Task AnswerAsync(SharedMemory page, EventChannel channel, CancellationToken stop)
    {
        ByteRingReader reader = new(page, There);
        ByteRingWriter writer = new(page, Back);
        byte[] number = new byte[sizeof(long)];
        EventCount count = EventCount.None;
        while (true)
        {
            while (reader.Read(number) is int length and > 0)
            {
                writer.Write(number.AsSpan(0, length));
                channel.Notify();
            }
            count = await channel.WaitAsync(count, stop);
        }
    }
}
