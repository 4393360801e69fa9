using Microsoft.Win32.SafeHandles;

namespace Xenolith.Linux;

/// <summary>Lets one thread wait for a device and for a word of this process at the same time.</summary>
internal sealed unsafe class WakeUp : IDisposable
{
    private readonly SafeFileHandle _event = NativeMethods.CreateEvent();
    private readonly Lock _lock = new();

    /// <summary>Ends a wait, or the next one if nobody waits.</summary>
    internal void Signal()
    {
        lock (_lock)
        {
            ulong one = 1; // on this stack until the call returns
            if (!_event.IsClosed)
                _ = NativeMethods.Write(_event, &one, sizeof(ulong));
        }
    }

    /// <summary>Waits until there is something to read, or somebody has signalled.</summary>
    /// <param name="device">What to wait for; the calling thread is the only one that closes it. <see langword="null"/>: a signal alone.</param>
    /// <param name="isReadable">Whether a read of the device would return at once.</param>
    /// <returns>False when the device can be waited for no more.</returns>
    internal bool WaitFor(SafeFileHandle? device, out bool isReadable)
    {
        NativeMethods.PollEntry* entries = stackalloc NativeMethods.PollEntry[2];
        entries[0] = new((int)_event.DangerousGetHandle(), NativeMethods.Readable);
        entries[1] = new(device is null ? -1 : (int)device.DangerousGetHandle(), NativeMethods.Readable);
        while (NativeMethods.Poll(entries, 2, -1) < 0)
        {
            if (!NativeMethods.WasInterrupted())
            {
                isReadable = false;
                return false;
            }
        }
        ulong count;
        if (entries[0].Returned != 0)
            _ = NativeMethods.Read(_event, &count, sizeof(ulong)); // takes all signals at once
        isReadable = entries[1].Returned != 0;
        return true;
    }

    public void Dispose()
    {
        lock (_lock)
            _event.Dispose();
    }
}
