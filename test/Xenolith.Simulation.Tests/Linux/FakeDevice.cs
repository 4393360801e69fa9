using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Xenolith.Linux;

namespace Xenolith.Tests.Linux;

/// <summary>A device whose answers a test gives, over a socket or over memory that can be mapped.</summary>
internal sealed unsafe partial class FakeDevice(string name, int pages = 0) : LinuxDevice(name)
{
    private const int UnixSockets = 1, Stream = 1;
    private const uint AllowSealing = 2; // MFD_ALLOW_SEALING
    private const int AddSeals = 1033, SealWrite = 8; // F_ADD_SEALS, F_SEAL_WRITE

    private readonly Dictionary<SafeFileHandle, int> _ends = []; // the test's ends of the sockets

    /// <summary>What the device, opened once or another time, answers to a request with the structure at an address: an error, or a number.</summary>
    internal Func<SafeFileHandle, uint, nint, (XenError Error, int Answer)> Answer { get; set; } = (_, _, _) => (XenError.None, 0);

    /// <summary>Why it cannot be opened any more.</summary>
    internal Exception? OpeningFails { get; set; }

    /// <summary>Its pages cannot be mapped to be written to, which Linux finds out late.</summary>
    internal bool RefusesWriters { get; init; }

    /// <summary>How often it was opened.</summary>
    internal int Opened { get; private set; }

    /// <summary>Sends bytes to whoever reads the device.</summary>
    internal void Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
            Assert.Equal(bytes.Length, WriteTo(_ends[Handle], first, (nuint)bytes.Length));
    }

    /// <summary>Tells of ports that have fired.</summary>
    internal void Fire(params ReadOnlySpan<uint> ports) => Send(MemoryMarshal.AsBytes(ports));

    /// <summary>Waits for what is written to the device.</summary>
    /// <returns>How many bytes; 0 when the device was closed.</returns>
    internal int Receive(Span<byte> buffer)
    {
        fixed (byte* first = buffer)
            return (int)ReadFrom(_ends[Handle], first, (nuint)buffer.Length);
    }

    /// <summary>Waits until an opening of the device was closed.</summary>
    internal void WaitUntilClosed(SafeFileHandle open)
    {
        byte* written = stackalloc byte[64];
        while (ReadFrom(_ends[open], written, 64) > 0)
        {
        }
    }

    internal uint ReceivePort()
    {
        uint port = 0;
        Assert.Equal(sizeof(uint), Receive(MemoryMarshal.AsBytes(new Span<uint>(ref port))));
        return port;
    }

    /// <summary>The device ends for whoever has it open.</summary>
    internal void End() => _ = Close(_ends[Handle]);

    internal override XenError Control(SafeFileHandle open, uint request, void* argument, out int answer)
    {
        ObjectDisposedException.ThrowIf(open.IsClosed, open);
        (XenError error, answer) = Answer(open, request, (nint)argument);
        return error;
    }

    private protected override SafeFileHandle Open()
    {
        if (OpeningFails is not null)
            throw OpeningFails;
        Opened++;
        if (pages > 0)
        {
            int file = CreateMemoryFile("device", AllowSealing);
            Assert.Equal(0, Truncate(file, pages * 4096L));
            if (RefusesWriters)
                Assert.Equal(0, SetSeals(file, AddSeals, SealWrite));
            return new SafeFileHandle(file, ownsHandle: true);
        }
        int* ends = stackalloc int[2];
        Assert.Equal(0, CreatePair(UnixSockets, Stream, 0, ends));
        SafeFileHandle open = new(ends[0], ownsHandle: true);
        _ends.Add(open, ends[1]);
        return open;
    }

    [LibraryImport("libc", EntryPoint = "socketpair")]
    private static partial int CreatePair(int domain, int type, int protocol, int* ends);

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateMemoryFile(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate")]
    private static partial int Truncate(int file, long length);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int SetSeals(int file, int request, int seals);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint WriteTo(int file, byte* bytes, nuint length);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint ReadFrom(int file, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
