using System.Runtime.InteropServices;
using Xenolith.Bed.Protocol;

namespace Xenolith.Bed.Agent;

/// <summary>dom0's side of the exchange: a virtio disk that is memory of the host, read and written past dom0's page cache.</summary>
internal sealed unsafe class ExchangeDisk : Exchange
{
    private const string Path = "/dev/vda";
    private const int SectorSize = 512;
    private const int PageSize = 4096;

    private readonly int _descriptor = Native.Check(Native.Open(Path, Native.O_RDWR | Native.O_DIRECT | Native.O_CLOEXEC), Path);
    private readonly Buffer _reading = new();
    private readonly Buffer _writing = new();

    public ExchangeDisk() : base(host: false)
    {
    }

    protected override void Read(long position, Span<byte> bytes)
    {
        lock (_reading)
        {
            int count = Sectors(bytes.Length);
            if (Native.ReadAt(_descriptor, _reading.Address, count, position) != count)
                throw new IOException("The exchange disk cannot be read.");
            new Span<byte>(_reading.Address, bytes.Length).CopyTo(bytes);
        }
    }

    protected override void Write(long position, ReadOnlySpan<byte> bytes)
    {
        lock (_writing)
        {
            bytes.CopyTo(new Span<byte>(_writing.Address, bytes.Length));
            int count = Sectors(bytes.Length);
            if (Native.WriteAt(_descriptor, _writing.Address, count, position) != count)
                throw new IOException("The exchange disk cannot be written.");
        }
    }

    private static int Sectors(int count) => (count + SectorSize - 1) & -SectorSize;

    /// <summary>Page-aligned memory of a slot's size, as O_DIRECT wants it; there for as long as the process is.</summary>
    private sealed class Buffer
    {
        public byte* Address { get; } = (byte*)NativeMemory.AlignedAlloc(Wire.MaxPayload, PageSize);
    }
}
