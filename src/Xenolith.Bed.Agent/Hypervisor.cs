namespace Xenolith.Bed.Agent;

/// <summary>What the agent asks Xen itself, through the tool stack's own libraries (their versions are pinned by the bed's packages).</summary>
internal sealed unsafe class Hypervisor
{
    private readonly nint _control = Opened(Libxenctrl.Open(0, 0, 0), "libxenctrl");
    private readonly nint _memory = Opened(Libxenforeignmemory.Open(0, 0), "libxenforeignmemory");

    /// <summary>Whether a domain is there, and how it stopped if it has.</summary>
    /// <returns>Null while it lives; otherwise SCHEDOP_shutdown's reason code, or <see cref="Destroyed"/> when it is gone or going.</returns>
    public int? StopReason(int domain)
    {
        Libxenctrl.DomainInfo info;
        if (Libxenctrl.GetInfo(_control, (uint)domain, 1, &info) != 1 || info.Domain != domain)
            return Destroyed;
        if ((info.Flags & (Libxenctrl.Shutdown | Libxenctrl.Crashed)) != 0)
            return info.ShutdownReason;
        return (info.Flags & Libxenctrl.Dying) != 0 ? Destroyed : null;
    }

    /// <summary>Not a reason of Xen: the domain is no longer there. The host's ShutdownReason has the same number.</summary>
    public const int Destroyed = 256;

    public void Pause(int domain) => Native.Check(Libxenctrl.Pause(_control, (uint)domain), $"pausing domain {domain}");

    public void Unpause(int domain) => Native.Check(Libxenctrl.Unpause(_control, (uint)domain), $"unpausing domain {domain}");

    /// <summary>Maps a domain's console ring for reading. The page outlives the domain until the result is disposed.</summary>
    /// <exception cref="IOException">There is no such domain or page.</exception>
    public ConsoleRing MapConsoleRing(int domain, ulong frame)
    {
        int error = 0;
        nint address = Libxenforeignmemory.Map(_memory, (uint)domain, Libxenforeignmemory.ProtRead, 1, &frame, &error);
        return address != 0 && error == 0 ? new(_memory, address) : throw new IOException($"Domain {domain}'s console ring cannot be mapped ({-error}).");
    }

    private static nint Opened(nint handle, string library) => handle != 0 ? handle : throw new IOException($"{library} cannot be opened.");

    /// <summary>A mapped console ring (struct xencons_interface in Xen's public/io/console.h).</summary>
    public sealed class ConsoleRing(nint library, nint address) : IDisposable
    {
        private const int OutProducerOffset = 1024 + 2048 + 12;
        private nint _address = address;

        /// <summary>How many bytes the guest has ever written, modulo 2^32.</summary>
        // The page stays mapped until Dispose, which the owner calls when nobody reads any more.
        public uint Written => Volatile.Read(ref *(uint*)(_address + OutProducerOffset));

        public void Dispose()
        {
            if (_address != 0)
                Libxenforeignmemory.Unmap(library, _address, 1);
            _address = 0;
        }
    }
}
