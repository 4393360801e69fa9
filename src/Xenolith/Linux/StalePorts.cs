using Microsoft.Win32.SafeHandles;
using Xenolith.Abi;

namespace Xenolith.Linux;

/// <summary>Has an open /dev/xen/evtchn forget the ports of before a resume.</summary>
/// <remarks>
/// <para>Linux takes its own ports from a resumed domain, but leaves them on the lists of those who have the device open. To close one of them, or
/// the device with one on its list, as at the end of the process, ends the thread with a BUG in <c>evtchn_unbind_from_user</c>: there is nothing
/// behind the number. And where the number is a driver's by then, it takes the driver's port away. There is no request that drops an entry.</para>
/// <para>But when Xen gives the device a number that is on its list already, Linux gives the number back to Xen, refuses with
/// <see cref="XenError.Exists"/>, and its list is empty from then on. Xen gives the lowest number that is free. So this is brought about: what is
/// free below the lowest of those numbers that is free is taken meanwhile through the device opened a second time, which has no such entries.</para>
/// <code>
///   on the list     . . . 7 8 . .        x a driver's of this generation
///   Xen's           x x x . 8 . .        . free
///   second opening        7 -> given back once it is known to be on the list
///   first opening         7 -> Exists: the list is empty; 7 once more -> granted: so it was
/// </code>
/// <para>Source: Linux, drivers/xen/evtchn.c, <c>evtchn_bind_to_user</c>, <c>evtchn_release</c>; drivers/xen/events/events_base.c,
/// <c>xen_irq_resume</c>.</para>
/// </remarks>
internal static unsafe class StalePorts
{
    private const int Rounds = 4; // another process that does the same has what is free taken meanwhile
    private const int Tries = 16; // and may take the number in between

    /// <summary>Brings it about.</summary>
    /// <param name="device">The device.</param>
    /// <param name="opening">The opening of it that has ports of before on its list, and no others.</param>
    /// <param name="stale">Those ports.</param>
    /// <returns>False when they are on the list still: the opening must not be closed, nor be used.</returns>
    internal static bool TryForget(LinuxDevice device, SafeFileHandle opening, HashSet<uint> stale)
    {
        try
        {
            bool? isForgotten = null;
            for (int round = 0; round < Rounds && isForgotten is null; round++)
            {
                using SafeFileHandle second = device.OpenAnother(); // closes what it has taken
                isForgotten = TryForget(device, opening, second, stale);
            }
            return isForgotten == true;
        }
        catch (PlatformNotSupportedException)
        {
            return false; // too many open files
        }
    }

    /// <returns><see langword="null"/> when none of the numbers was to be had.</returns>
    private static bool? TryForget(LinuxDevice device, SafeFileHandle opening, SafeFileHandle second, HashSet<uint> stale)
    {
        uint highest = stale.Max();
        for (int tries = 0; tries < Tries;)
        {
            if (Bind(device, second, out uint port) != XenError.None || port > highest)
                return null;
            if (!stale.Contains(port))
                continue; // kept until the end
            tries++;
            Unbind(device, second, port);
            bool isOnList = Bind(device, opening, out uint given) == XenError.Exists;
            if (isOnList && Bind(device, opening, out given) == XenError.Exists)
                return false; // another Linux: the list is as it was
            if (given != 0)
                Unbind(device, opening, given);
            if (isOnList)
                return true;
        }
        return null;
    }

    /// <summary>Makes a port that nobody will connect to.</summary>
    private static XenError Bind(LinuxDevice device, SafeFileHandle open, out uint port)
    {
        IoctlEvtchnBindUnboundPort request = new() { RemoteDomain = DomainId.Self }; // on this stack until the call returns; so below
        XenError error = device.Control(open, LinuxEvtchnIoctl.BindUnboundPort, &request, out int answer);
        port = (uint)answer; // 0, which is no port, if it was refused
        return error;
    }

    private static void Unbind(LinuxDevice device, SafeFileHandle open, uint port)
    {
        IoctlEvtchnPort request = new() { Port = port };
        _ = device.Control(open, LinuxEvtchnIoctl.Unbind, &request, out _); // its own, of a moment ago
    }
}
