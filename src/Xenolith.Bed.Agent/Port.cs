using Microsoft.Win32.SafeHandles;

namespace Xenolith.Bed.Agent;

/// <summary>
/// The port to the host as a stream whose reads and writes block their thread, also the asynchronous ones: handing each to another thread costs more
/// in dom0 than the transfer itself.
/// </summary>
internal sealed class Port(SafeFileHandle file) : Stream
{
    private readonly FileStream _file = new(file, FileAccess.ReadWrite, bufferSize: 0);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer) => _file.Read(buffer);

    public override int Read(byte[] buffer, int offset, int count) => _file.Read(buffer, offset, count);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(_file.Read(buffer.Span));

    public override void Write(ReadOnlySpan<byte> buffer) => _file.Write(buffer);

    public override void Write(byte[] buffer, int offset, int count) => _file.Write(buffer, offset, count);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _file.Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _file.Dispose();
        base.Dispose(disposing);
    }
}
