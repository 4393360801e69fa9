using System.Buffers.Binary;
using System.Globalization;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Rings;
using Xenolith.Xenbus;

namespace Xenolith.Tests.Xenbus;

/// <summary>
/// The front end of a device that answers numbers, as a block driver would be: a granted page for each request, a ring, and requests that outlive a
/// connection. Those that may be carried out twice are made again on the next; the others fail if they were visible to the back end.
/// </summary>
internal sealed class EchoFrontend
{
    private readonly XenPlatform _platform;
    private readonly Action _moment;
    private readonly LinkedList<Request> _waiting = [];
    private Connection? _connection;
    private bool _isOver;
    private ulong _lastId;

    /// <param name="platform">The domain.</param>
    /// <param name="moment">Called between any two operations.</param>
    internal EchoFrontend(XenPlatform platform, Action moment)
    {
        _platform = platform;
        _moment = moment;
        Attachment = new XenbusFrontend(platform, "echo", 0, device => new Connection(this, device));
    }

    internal XenbusFrontend Attachment { get; }

    /// <summary>Connections that were made.</summary>
    internal int Connections { get; private set; }

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        _isOver = false;
        try
        {
            await Attachment.RunAsync(cancellationToken);
        }
        finally
        {
            _isOver = true;
            while (_waiting.First is { } first)
            {
                _waiting.RemoveFirst();
                first.Value.TrySetException(new EchoFailedException("The device is closed."));
            }
        }
    }

    /// <summary>Asks for the answer to a number.</summary>
    /// <exception cref="EchoInterruptedException">The connection ended, and the request may not be made again.</exception>
    /// <exception cref="EchoFailedException">It was not carried out.</exception>
    internal async Task<int> AskAsync(int number, bool canBeRepeated)
    {
        if (_isOver)
            throw new EchoFailedException("The device is closed.");
        Request request = new(++_lastId, number, canBeRepeated);
        _waiting.AddLast(request);
        _connection?.Submit();
        return await request.Task;
    }

    private sealed class Request(ulong id, int number, bool canBeRepeated) : TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        internal ulong Id => id;

        internal int Number => number;

        internal bool CanBeRepeated => canBeRepeated;
    }

    private sealed class Connection(EchoFrontend owner, XenbusDevice device) : IXenbusDriver
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Dictionary<ulong, (Request Request, SharedPages Page)> _asked = [];
        private SharedPages? _shared;
        private EventChannel? _channel;
        private FrontRing<EchoRequest, EchoResponse>? _ring;
        private Task _work = Task.CompletedTask;

        public async ValueTask PublishAsync(CancellationToken cancellationToken)
        {
            XenPlatform platform = owner._platform;
            _shared = await platform.Grants.ShareAsync(device.OtherDomain, 1, GrantAccess.ReadWrite, cancellationToken);
            owner._moment();
            _channel = platform.EventChannels.AllocateUnbound(device.OtherDomain);
            owner._moment();
            _ring = new FrontRing<EchoRequest, EchoResponse>(_shared.Pages);
            await device.WriteAsync(
                [
                    new("ring-ref", _shared.References[0].ToString(CultureInfo.InvariantCulture)),
                    new("port", _channel.Port.ToString(CultureInfo.InvariantCulture)),
                ],
                cancellationToken);
        }

        public ValueTask ConnectAsync(CancellationToken cancellationToken)
        {
            owner.Connections++;
            owner._connection = this;
            _work = WorkAsync();
            return default;
        }

        public async ValueTask ReleaseAsync()
        {
            if (owner._connection == this)
                owner._connection = null; // nothing is submitted any more
            _stop.Cancel();
            await _work;
            if (_ring is not null)
                TakeResponses(); // those that came before the end: their requests were carried out
            foreach ((Request request, SharedPages page) in _asked.Values.OrderByDescending(asked => asked.Request.Id))
            {
                page.Dispose();
                if (request.CanBeRepeated)
                    owner._waiting.AddFirst(request);
                else
                    request.TrySetException(new EchoInterruptedException());
            }
            _asked.Clear();
            _channel?.Dispose();
            _shared?.Dispose();
        }

        /// <summary>Makes the requests that wait, as far as there is room.</summary>
        internal void Submit()
        {
            while (_ring!.Free > 0 && owner._waiting.First is { } first)
            {
                Request request = first.Value;
                owner._waiting.RemoveFirst();
                SharedPages? page = null;
                try
                {
                    page = Share(request.Number);
                    owner._moment();
                }
                catch (Exception error) when (error is XenException or InsufficientMemoryException)
                {
                    request.TrySetException(new EchoFailedException(error.Message));
                    continue;
                }
                catch (StaleHandleException)
                {
                    owner._waiting.AddFirst(request); // the next connection makes it
                    return;
                }
                _asked.Add(request.Id, (request, page));
                _ring.TryEnqueue(new EchoRequest { Id = request.Id, Reference = page.References[0] });
            }
            owner._moment();
            try
            {
                if (_ring.Publish())
                {
                    owner._moment();
                    _channel!.Notify();
                }
            }
            catch (Exception error) when (error is StaleHandleException or ObjectDisposedException)
            {
                // The connection is ending.
            }
        }

        private SharedPages Share(int number)
        {
            // Answers at once: there are more references than a ring has slots.
            SharedPages page = owner._platform.Grants.ShareAsync(device.OtherDomain, 1, GrantAccess.ReadWrite).AsTask().GetAwaiter().GetResult();
            BinaryPrimitives.WriteInt32LittleEndian(page.Pages.GetSpan(), number);
            return page;
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
                        TakeResponses();
                        Submit();
                    }
                    while (_ring!.ArmAndCheck());
                    owner._moment();
                    await _channel.WaitAsync(seen, _stop.Token);
                }
            }
            catch (Exception error) when (error is OperationCanceledException or StaleHandleException)
            {
                // The connection ends, or the domain was resumed.
            }
            catch (RingProtocolException error)
            {
                owner.Attachment.Fail(error);
            }
        }

        private void TakeResponses()
        {
            while (_ring!.TryDequeue(out EchoResponse response))
            {
                owner._moment();
                if (!_asked.Remove(response.Id, out (Request Request, SharedPages Page) asked))
                    throw new RingProtocolException($"The back end answered request {response.Id}, which was not asked.");
                int answer = BinaryPrimitives.ReadInt32LittleEndian(asked.Page.Pages.GetSpan());
                asked.Page.Dispose();
                bool isFirst = response.Status == 0
                    ? asked.Request.TrySetResult(answer)
                    : asked.Request.TrySetException(new EchoFailedException("The back end could not get at the page."));
                Assert.True(isFirst, "a request was answered twice");
            }
        }
    }
}
