using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Xenolith.Abi;
using Xenolith.Xenstore;

namespace Xenolith.Linux;

/// <summary>
/// Reaches xenstored over /dev/xen/xenbus, by which a Linux kernel shares out its own connection. The kernel keeps transactions and watches of its
/// users apart; it keeps the connection over a resume.
/// </summary>
/// <remarks>
/// <para>One request at a time: the kernel keeps the bytes of one for each user, and sends them when it comes to it.</para>
/// <para>Header and payload have room for 4096 bytes together, 16 less than over a ring.</para>
/// </remarks>
internal sealed class XenstoreDeviceTransport(LinuxDevice device) : XenstoreTransport
{
    private bool _connected;

    /// <inheritdoc/>
    public override ValueTask<XenstoreChannel> ConnectAsync(CancellationToken cancellationToken)
    {
        // The device ends for nobody: a connection that has ended was broken by what was sent.
        if (_connected)
            throw new IOException($"The connection through {device.Path} has ended.");
        _connected = true;
        return ValueTask.FromResult<XenstoreChannel>(new Channel(device.Handle));
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        device.Dispose();
        return base.DisposeAsync();
    }

    /// <summary>One thread reads, because nothing else can wait for the device.</summary>
    private sealed class Channel : XenstoreChannel
    {
        private readonly SafeFileHandle _device;
        private readonly WakeUp _wakeUp = new();
        private readonly Lock _lock = new();
        private readonly FairSemaphore _turn = new(1); // taken from a request to its reply
        private readonly MessageStream _replies = new();
        private readonly Queue<byte[]> _refusals = new(); // replies that the device does not give
        private Memory<byte> _buffer;
        private TaskCompletionSource<int>? _reading;
        private bool _ended;

        internal Channel(SafeFileHandle device)
        {
            _device = device;
            new Thread(Run) { IsBackground = true, Name = "xenstore" }.Start();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            TaskCompletionSource<int> reading = new(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_lock)
            {
                if (_ended)
                    return 0;
                _buffer = buffer;
                _reading = reading;
            }
            _wakeUp.Signal();
            using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
                static (state, token) => ((Channel)state!).Cancel(token), this);
            return await reading.Task;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            while (bytes.Length >= XenstoreCodec.HeaderSize)
            {
                await _turn.WaitAsync(cancellationToken);
                int length = XenstoreCodec.HeaderSize + (int)XenstoreCodec.ReadHeader(bytes.Span).Len; // this client's own, and whole
                Send(bytes.Span[..length]);
                bytes = bytes[length..];
            }
        }

        public override ValueTask DisposeAsync()
        {
            lock (_lock)
                _ended = true;
            _wakeUp.Signal();
            return ValueTask.CompletedTask;
        }

        private unsafe void Send(ReadOnlySpan<byte> message)
        {
            XenstoreMessageHeader header = XenstoreCodec.ReadHeader(message);
            // It would reach beyond this process and take away the watches of the kernel itself.
            if (header.Type == (uint)XenstoreMessageType.ResetWatches)
            {
                Refuse(header, XenstoreError.ENOSYS);
                return;
            }
            fixed (byte* first = message)
            {
                if (NativeMethods.Write(_device, first, (nuint)message.Length) == message.Length)
                    return;
            }
            // Nothing was sent, and the device says why to the writer alone. A message that it has no room for is larger than any node of this domain
            // may be.
            if (message.Length > XenstoreLimit.PayloadMax)
            {
                Refuse(header, XenstoreError.ENOSPC);
                return;
            }
            Refuse(header, LinuxDevice.LastError() switch
            {
                XenError.NotPermitted => XenstoreError.EPERM,
                XenError.NoEntry => XenstoreError.ENOENT,
                XenError.NoMemory => XenstoreError.ENOMEM,
                XenError.Exists => XenstoreError.EEXIST,
                XenError.NoSpace => XenstoreError.ENOSPC,
                XenError.Invalid => XenstoreError.EINVAL,
                _ => XenstoreError.EIO,
            });
        }

        private void Refuse(XenstoreMessageHeader header, XenstoreError error)
        {
            ReadOnlySpan<byte> name = XenstoreCodec.FormatError(error);
            byte[] reply = new byte[XenstoreCodec.HeaderSize + name.Length + 1];
            header.Type = (uint)XenstoreMessageType.Error;
            header.Len = (uint)(name.Length + 1);
            XenstoreCodec.WriteHeader(reply, header);
            name.CopyTo(reply.AsSpan(XenstoreCodec.HeaderSize));
            lock (_lock)
                _refusals.Enqueue(reply);
            _turn.Release();
            _wakeUp.Signal();
        }

        private void Cancel(CancellationToken cancellationToken)
        {
            TaskCompletionSource<int>? reading;
            lock (_lock)
                (reading, _reading) = (_reading, null);
            reading?.TrySetCanceled(cancellationToken);
        }

        private void Run()
        {
            while (true)
            {
                bool isWanted;
                lock (_lock)
                    isWanted = _reading is not null;
                if (isWanted && TryRefuse())
                    continue;
                if (!_wakeUp.WaitFor(isWanted ? _device : null, out bool isReadable))
                    break;
                lock (_lock)
                {
                    if (_ended)
                        break;
                    if (isReadable)
                        Read();
                }
            }
            End();
        }

        /// <summary>Under the lock: so a read that is cancelled keeps its buffer until then. The device has bytes and does not wait.</summary>
        private unsafe void Read()
        {
            if (_reading is not { } reading)
                return; // cancelled meanwhile
            using MemoryHandle pinned = _buffer.Pin();
            nint read = NativeMethods.Read(_device, pinned.Pointer, (nuint)_buffer.Length);
            if (read < 0 && NativeMethods.WasInterrupted())
                return; // it is tried again
            _reading = null;
            if (read < 0)
            {
                reading.TrySetException(new IOException($"The kernel's device for xenstore fails: {LinuxDevice.LastError()}."));
                return;
            }
            for (int replies = _replies.Follow(_buffer.Span[..(int)read]); replies > 0; replies--)
                _turn.Release();
            reading.TrySetResult((int)read);
        }

        /// <summary>Hands out a reply of this class's own, in between whole messages.</summary>
        private bool TryRefuse()
        {
            lock (_lock)
            {
                if (!_replies.IsBetweenMessages || _reading is not { } reading || !_refusals.TryDequeue(out byte[]? reply))
                    return false;
                _reading = null;
                reply.CopyTo(_buffer); // the client's buffer has room for a message
                reading.TrySetResult(reply.Length);
                return true;
            }
        }

        private void End()
        {
            lock (_lock)
            {
                _ended = true;
                _reading?.TrySetResult(0);
                _reading = null;
            }
            _wakeUp.Dispose();
        }
    }

    /// <summary>Follows a stream of messages.</summary>
    private sealed class MessageStream
    {
        private readonly byte[] _header = new byte[XenstoreCodec.HeaderSize];
        private int _inHeader; // bytes of the next header that have come
        private uint _left; // of the payload

        /// <summary>Whether the bytes so far are whole messages.</summary>
        internal bool IsBetweenMessages => _inHeader == 0 && _left == 0;

        /// <summary>Goes on.</summary>
        /// <returns>How many replies to requests began.</returns>
        internal int Follow(ReadOnlySpan<byte> bytes)
        {
            int replies = 0;
            while (!bytes.IsEmpty)
            {
                int taken = (int)Math.Min(_left > 0 ? _left : (uint)(XenstoreCodec.HeaderSize - _inHeader), (uint)bytes.Length);
                if (_left > 0)
                {
                    _left -= (uint)taken;
                }
                else
                {
                    bytes[..taken].CopyTo(_header.AsSpan(_inHeader));
                    _inHeader += taken;
                    if (_inHeader == XenstoreCodec.HeaderSize)
                    {
                        XenstoreMessageHeader header = XenstoreCodec.ReadHeader(_header);
                        (_left, _inHeader) = (header.Len, 0);
                        replies += header.Type == (uint)XenstoreMessageType.WatchEvent ? 0 : 1;
                    }
                }
                bytes = bytes[taken..];
            }
            return replies;
        }
    }
}
