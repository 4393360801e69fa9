using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Xenolith.Bed.Protocol;

namespace Xenolith.Bed.Emulator;

/// <summary>
/// The host's side of the exchange: memory without a name in any file system (memfd_create(2)), which QEMU opens through this process's descriptor
/// and shows to the machine as a disk. It is gone with the last of the two processes.
/// </summary>
internal sealed partial class SharedMemory : Exchange, IDisposable
{
    private const uint CloseOnExec = 1;

    private readonly SafeFileHandle _file;

    public SharedMemory() : base(host: true)
    {
        int descriptor = Create("xenolith-bed-exchange", CloseOnExec);
        if (descriptor < 0)
            throw new BedException("The kernel gave no shared memory (memfd_create).");
        _file = new(descriptor, ownsHandle: true);
        RandomAccess.SetLength(_file, Size);
    }

    /// <summary>Where QEMU can open it while this process lives.</summary>
    public string Path => string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{_file.DangerousGetHandle()}");

    public void Dispose() => _file.Dispose();

    protected override void Read(long position, Span<byte> bytes) => RandomAccess.Read(_file, bytes, position);

    protected override void Write(long position, ReadOnlySpan<byte> bytes) => RandomAccess.Write(_file, bytes, position);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Create(string name, uint flags);
}
