using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Xenolith.Abi;
using Xenolith.Xenstore;

namespace Xenolith.Linux;

/// <summary>
/// Reaches xenstored over /dev/xen/xenbus, by which a Linux kernel shares out its own connection. The kernel keeps transactions and watches of its users
/// apart; it keeps the connection over a resume.
/// </summary>
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

        /// <summary>The device takes one message at a time, and acts on it before it returns.</summary>
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            ReadOnlySpan<byte> rest = bytes.Span;
            while (rest.Length >= XenstoreCodec.HeaderSize)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int length = XenstoreCodec.HeaderSize + (int)XenstoreCodec.ReadHeader(rest).Len; // this client's own, and whole
                Send(rest[..length]);
                rest = rest[length..];
            }
            return ValueTask.CompletedTask;
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
            // Nothing was sent, and the device says why to the writer alone.
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
            // A reply of the device's own goes in between whole messages only.
            MessageBoundary boundary = default;
            while (true)
            {
                bool isWanted;
                lock (_lock)
                    isWanted = _reading is not null;
                if (isWanted && TryRefuse(boundary))
                    continue;
                if (!_wakeUp.WaitFor(isWanted ? _device : null, out bool isReadable))
                    break;
                lock (_lock)
                {
                    if (_ended)
                        break;
                    if (isReadable)
                        Read(ref boundary);
                }
            }
            End();
        }

        /// <summary>Under the lock: so a read that is cancelled keeps its buffer until then. The device has bytes and does not wait.</summary>
        private unsafe void Read(ref MessageBoundary boundary)
        {
            if (_reading is not { } reading)
                return; // cancelled meanwhile
            _reading = null;
            using MemoryHandle pinned = _buffer.Pin();
            nint read = NativeMethods.Read(_device, pinned.Pointer, (nuint)_buffer.Length);
            if (read < 0)
            {
                reading.TrySetException(new IOException($"The kernel's device for xenstore fails: {LinuxDevice.LastError()}."));
                return;
            }
            boundary.Follow(_buffer.Span[..(int)read]);
            reading.TrySetResult((int)read);
        }

        private bool TryRefuse(in MessageBoundary boundary)
        {
            lock (_lock)
            {
                if (!boundary.IsHere || _reading is not { } reading || !_refusals.TryDequeue(out byte[]? reply))
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

    /// <summary>Where messages begin in a stream of bytes.</summary>
    private struct MessageBoundary
    {
        private const int LengthOffset = 12; // of the payload's length in the header

        private int _inHeader; // bytes of the next header that have come
        private uint _length, _left; // of the payload

        internal readonly bool IsHere => _inHeader == 0 && _left == 0;

        internal void Follow(ReadOnlySpan<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                if (_left > 0)
                {
                    int taken = (int)Math.Min(_left, (uint)bytes.Length);
                    _left -= (uint)taken;
                    bytes = bytes[taken..];
                    continue;
                }
                if (_inHeader >= LengthOffset)
                    _length |= (uint)bytes[0] << (8 * (_inHeader - LengthOffset));
                bytes = bytes[1..];
                if (++_inHeader < XenstoreCodec.HeaderSize)
                    continue;
                (_left, _length, _inHeader) = (_length, 0, 0);
            }
        }
    }
}
