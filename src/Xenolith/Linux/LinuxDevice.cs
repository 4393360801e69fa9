using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Xenolith.Linux;

/// <summary>A device in /dev/xen, opened when it is first needed.</summary>
/// <remarks>Safe from any thread.</remarks>
internal unsafe class LinuxDevice(string name) : IDisposable
{
    private const string Folder = "/dev/xen";
    private const int NoTty = 25; // ENOTTY: the device does not know the request

    private readonly Lock _lock = new();
    private SafeFileHandle? _handle;

    /// <summary>The device's file.</summary>
    internal string Path => PathOf(name);

    /// <summary>Whether the device's file is there; it may be that this process must not open it.</summary>
    internal bool IsPresent => File.Exists(Path);

    /// <summary>The open device.</summary>
    /// <exception cref="PlatformNotSupportedException">It is not there, or this process must not open it. The message says what to do.</exception>
    internal SafeFileHandle Handle
    {
        get
        {
            lock (_lock)
                return _handle ??= Open();
        }
    }

    public void Dispose()
    {
        lock (_lock)
            _handle?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Begins anew: the next use opens the device again.</summary>
    /// <returns>What was open, for the caller to close; <see langword="null"/> if nothing was.</returns>
    internal SafeFileHandle? Detach()
    {
        lock (_lock)
        {
            SafeFileHandle? before = _handle;
            _handle = null;
            return before;
        }
    }

    internal static string PathOf(string name) => $"{Folder}/{name}";

    /// <summary>Makes a request.</summary>
    /// <param name="request">Its number.</param>
    /// <param name="argument">Its structure, which stays where it is during the call.</param>
    /// <param name="answer">What it answered; 0 if it was refused.</param>
    internal virtual XenError Control(uint request, void* argument, out int answer)
    {
        answer = NativeMethods.Control(Handle, request, argument);
        if (answer >= 0)
            return XenError.None;
        answer = 0;
        return LastError();
    }

    /// <inheritdoc cref="Control(uint, void*, out int)"/>
    internal XenError Control(uint request, void* argument) => Control(request, argument, out _);

    /// <summary>Why the last system call of this thread failed. Linux and Xen number errors alike.</summary>
    internal static XenError LastError()
    {
        int error = Marshal.GetLastPInvokeError();
        return error == NoTty ? XenError.NotSupported : (XenError)error;
    }

    private protected virtual SafeFileHandle Open()
    {
        try
        {
            return File.OpenHandle(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PlatformNotSupportedException($"{Path} is not there. In a Linux domain of Xen its module makes it: modprobe xen-{name}", exception);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw new PlatformNotSupportedException(
                $"{Path} cannot be opened ({exception.Message}). Run the program as root, or let its user read and write the device.", exception);
        }
    }
}
