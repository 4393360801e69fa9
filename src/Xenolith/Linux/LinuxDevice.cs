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
    private bool _disposed;

    /// <summary>The device's file.</summary>
    internal string Path => PathOf(name);

    /// <summary>Whether the device's file is there; it may be that this process must not open it.</summary>
    internal bool IsPresent => File.Exists(Path);

    /// <summary>The open device.</summary>
    /// <exception cref="PlatformNotSupportedException">It is not there, or this process must not open it. The message says what to do.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed of, and is not opened again.</exception>
    internal SafeFileHandle Handle
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                return _handle ??= Open();
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _handle?.Dispose();
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>Begins anew: the next use opens the device again.</summary>
    /// <returns>What was open, for the caller to close; <see langword="null"/> if nothing was.</returns>
    internal SafeFileHandle? Detach() => Exchange(null);

    /// <summary>Opens the device once more, beside <see cref="Handle"/>; the caller closes it.</summary>
    /// <inheritdoc cref="Handle" path="/exception"/>
    internal SafeFileHandle OpenAnother() => Open();

    /// <summary>Puts a device that <see cref="OpenAnother"/> opened in the place of <see cref="Handle"/>.</summary>
    /// <returns>What was open, for the caller to keep or close; <paramref name="next"/> if the device was disposed of meanwhile.</returns>
    internal SafeFileHandle? Exchange(SafeFileHandle? next)
    {
        lock (_lock)
        {
            if (_disposed)
                return next;
            SafeFileHandle? before = _handle;
            _handle = next;
            return before;
        }
    }

    internal static string PathOf(string name) => $"{Folder}/{name}";

    /// <summary>Makes a request.</summary>
    /// <param name="request">Its number.</param>
    /// <param name="argument">Its structure, which stays where it is during the call.</param>
    /// <param name="answer">What it answered; 0 if it was refused.</param>
    /// <returns>Also <see cref="XenError.NoDevice"/>, when the device was closed meanwhile: disposed of, or begun anew after a resume.</returns>
    internal XenError Control(uint request, void* argument, out int answer)
    {
        answer = 0;
        try
        {
            return Control(Handle, request, argument, out answer);
        }
        catch (ObjectDisposedException)
        {
            return XenError.NoDevice;
        }
    }

    /// <inheritdoc cref="Control(uint, void*, out int)"/>
    internal XenError Control(uint request, void* argument) => Control(request, argument, out _);

    /// <summary>Makes a request of an open device that need not be the one of <see cref="Handle"/> any more.</summary>
    internal virtual XenError Control(SafeFileHandle open, uint request, void* argument, out int answer)
    {
        answer = NativeMethods.Control(open, request, argument);
        if (answer >= 0)
            return XenError.None;
        answer = 0;
        return LastError();
    }

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
        catch (UnauthorizedAccessException exception)
        {
            throw new PlatformNotSupportedException(
                $"{Path} is not for this user. Run the program as root, or let its user read and write the device.", exception);
        }
        catch (IOException exception)
        {
            throw new PlatformNotSupportedException($"{Path} cannot be opened: {exception.Message}", exception); // too many open files, or no Xen below
        }
    }
}
