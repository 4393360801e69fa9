using System.Runtime.InteropServices;
using System.Text;
using Xenolith.Abi;

namespace Xenolith;

/// <summary>
/// The Xen host that this program runs on as a unikernel. Where there is none, as in an ordinary process, <see cref="TryGet"/> says so.
/// </summary>
/// <param name="Version">Version of the hypervisor, for example 4.17.</param>
/// <param name="ExtraVersion">What the host's vendor added to the version, for example ".4-pre"; may be empty.</param>
/// <param name="DomainId">Number of this domain on the host, or <see langword="null"/> where Xen does not tell (before 4.17).</param>
/// <param name="Memory">Bytes of RAM that the domain can have; it was started with as much unless its configuration says <c>maxmem</c>.</param>
public sealed partial record XenHost(Version Version, string ExtraVersion, int? DomainId, long Memory)
{
    /// <summary>Asks the kernel for the host. Safe from any thread; each call asks anew.</summary>
    /// <returns><see langword="null"/> if the program does not run as a domain of Xen.</returns>
    public static unsafe XenHost? TryGet() => TryGetInfo(out PlatformInfo info)
        ? new XenHost(
            new Version(info.MajorVersion, info.MinorVersion),
            Encoding.ASCII.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(info.ExtraVersion)),
            info.DomainId < 0 ? null : info.DomainId,
            (long)info.MemoryBytes)
        : null;

    /// <summary>Nanoseconds since the first instruction of the guest, by Xen's clock; <see langword="null"/> as for <see cref="TryGet"/>.</summary>
    public static long? NanosecondsSinceGuestEntry => TryGetInfo(out PlatformInfo info) ? (long)info.SinceEntry : null;

    private static unsafe bool TryGetInfo(out PlatformInfo info)
    {
        // The kernel writes the structure and nothing else; it lives on this stack until the call returns.
        fixed (PlatformInfo* pointer = &info)
        {
            *pointer = default;
            try
            {
                return GetPlatformInfo(pointer) == 0;
            }
            catch (DllNotFoundException)
            {
                return false; // not linked into an image: an ordinary .NET process
            }
        }
    }

    [LibraryImport("xenolith", EntryPoint = "xl_platform_info")]
    private static unsafe partial int GetPlatformInfo(PlatformInfo* info);
}
