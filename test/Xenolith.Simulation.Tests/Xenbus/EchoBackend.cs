using System.Buffers.Binary;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Rings;
using Xenolith.Xenbus;

namespace Xenolith.Tests.Xenbus;

/// <summary>The back end of the device: several requests under way at once, answered in any order.</summary>
internal sealed class EchoBackend
{
    private readonly XenPlatform _platform;
    private readonly ushort _frontend;
    private readonly Random _random;
    private readonly Action<int> _executed;

    /// <param name="platform">The domain.</param>
    /// <param name="frontend">The domain that it serves.</param>
    /// <param name="random">Decides how long a request takes.</param>
    /// <param name="executed">Told of each number that a request was carried out for.</param>
    internal EchoBackend(XenPlatform platform, ushort frontend, Random random, Action<int> executed)
    {
        _platform = platform;
        _frontend = frontend;
        _random = random;
        _executed = executed;
        Attachment = new XenbusBackend(platform, "echo", frontend, 0, device => new Connection(this, device));
    }

    /// <summary>The same anew, after the other has ended.</summary>
    internal EchoBackend(XenPlatform platform, EchoBackend other)
        : this(platform, other._frontend, other._random, other._executed)
    {
    }

    internal XenbusBackend Attachment { get; }

    internal static int Answer(int number) => (2 * number) + 1;

    private sealed class Connection(EchoBackend owner, XenbusDevice device) : IXenbusDriver
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly List<Task> _requests = [];
        private ForeignMapping? _page;
        private EventChannel? _channel;
        private BackRing<EchoRequest, EchoResponse>? _ring;
        private Task _work = Task.CompletedTask;

        public ValueTask PublishAsync(CancellationToken cancellationToken) => default;

        public async ValueTask ConnectAsync(CancellationToken cancellationToken)
        {
            uint reference = await device.ReadOtherNumberAsync("ring-ref", cancellationToken);
            uint port = await device.ReadOtherNumberAsync("port", cancellationToken);
            _page = owner._platform.Grants.Map(new ForeignGrant(owner._frontend, reference), GrantAccess.ReadWrite);
            _channel = owner._platform.EventChannels.BindInterdomain(owner._frontend, port);
            _ring = new BackRing<EchoRequest, EchoResponse>(_page);
            _work = WorkAsync();
        }

        public async ValueTask ReleaseAsync()
        {
            _stop.Cancel();
            await _work;
            foreach (Task request in _requests)
                await request;
            _channel?.Dispose();
            ((IDisposable?)_page)?.Dispose();
        }

        private async Task WorkAsync()
        {
            try
            {
                while (true)
                {
                    EventCount seen = _channel!.Count;
                    do
                    {
                        while (_ring!.TryDequeue(out EchoRequest request))
                            _requests.Add(ServeAsync(request));
                    }
                    while (_ring.ArmAndCheck());
                    await _channel.WaitAsync(seen, _stop.Token);
                }
            }
            catch (Exception error) when (error is OperationCanceledException or StaleHandleException or ObjectDisposedException)
            {
            }
            catch (RingProtocolException error)
            {
                owner.Attachment.Fail(error);
            }
        }

        private async Task ServeAsync(EchoRequest request)
        {
            EchoResponse response = new() { Id = request.Id };
            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(owner._random.Next(20)), owner._platform.TimeProvider, _stop.Token);
                using ForeignMapping page = owner._platform.Grants.Map(new ForeignGrant(owner._frontend, request.Reference), GrantAccess.ReadWrite);
                int number = BinaryPrimitives.ReadInt32LittleEndian(page.GetSpan());
                await Task.Delay(TimeSpan.FromMilliseconds(owner._random.Next(5)), owner._platform.TimeProvider, _stop.Token);
                owner._executed(number);
                await Task.Yield();
                BinaryPrimitives.WriteInt32LittleEndian(page.GetSpan(), Answer(number));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (StaleHandleException)
            {
                return; // this domain was destroyed
            }
            catch (XenException)
            {
                response.Status = -1;
            }
            _ring!.Enqueue(response);
            if (_ring.Publish())
                _channel!.Notify();
        }
    }
}
