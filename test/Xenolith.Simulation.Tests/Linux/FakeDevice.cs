using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Xenolith.Linux;

namespace Xenolith.Tests.Linux;

/// <summary>A device whose answers a test gives, over a socket or over memory that can be mapped.</summary>
internal sealed unsafe partial class FakeDevice(string name, int pages = 0) : LinuxDevice(name)
{
    private const int UnixSockets = 1, Stream = 1;

    private int _end = -1; // the test's end of the socket

    /// <summary>What the device answers to a request with the structure at an address: an error, or a number.</summary>
    internal Func<uint, nint, (XenError Error, int Answer)> Answer { get; set; } = (_, _) => (XenError.None, 0);

    /// <summary>How often it was opened.</summary>
    internal int Opened { get; private set; }

    /// <summary>Sends bytes to whoever reads the device.</summary>
    internal void Send(ReadOnlySpan<byte> bytes)
    {
        _ = Handle; // opens it
        fixed (byte* first = bytes)
            Assert.Equal(bytes.Length, WriteTo(_end, first, (nuint)bytes.Length));
    }

    /// <summary>Tells of ports that have fired.</summary>
    internal void Fire(params ReadOnlySpan<uint> ports) => Send(MemoryMarshal.AsBytes(ports));

    /// <summary>Waits for what is written to the device.</summary>
    /// <returns>How many bytes; 0 when the device was closed.</returns>
    internal int Receive(Span<byte> buffer)
    {
        fixed (byte* first = buffer)
            return (int)ReadFrom(_end, first, (nuint)buffer.Length);
    }

    internal uint ReceivePort()
    {
        uint port = 0;
        Assert.Equal(sizeof(uint), Receive(MemoryMarshal.AsBytes(new Span<uint>(ref port))));
        return port;
    }

    /// <summary>The device ends for whoever has it open.</summary>
    internal void End() => _ = Close(_end);

    internal override XenError Control(SafeFileHandle open, uint request, void* argument, out int answer)
    {
        ObjectDisposedException.ThrowIf(open.IsClosed, open);
        (XenError error, answer) = AnswerOf(open)(request, (nint)argument);
        return error;
    }

    private protected override SafeFileHandle Open()
    {
        Opened++;
        if (pages > 0)
        {
            int file = CreateMemoryFile("device", 0);
            Assert.Equal(0, Truncate(file, pages * 4096L));
            return new SafeFileHandle(file, ownsHandle: true);
        }
        int* ends = stackalloc int[2];
        Assert.Equal(0, CreatePair(UnixSockets, Stream, 0, ends));
        _end = ends[1];
        return new SafeFileHandle(ends[0], ownsHandle: true);
    }

    [LibraryImport("libc", EntryPoint = "socketpair")]
    private static partial int CreatePair(int domain, int type, int protocol, int* ends);

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateMemoryFile(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate")]
    private static partial int Truncate(int file, long length);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint WriteTo(int file, byte* bytes, nuint length);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint ReadFrom(int file, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
