// The platform ABI: functions that the managed libraries call directly. They run in the caller's thread, on its stack, with interrupts on;
// code that touches the kernel's own state turns them off first. In an image that runs as a Linux process they answer ENOSYS.
using System.Runtime;
using Xenolith.Abi;
using Xenolith.Kernel.Boot;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Time;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Platform;

internal static unsafe class PlatformCalls
{
    [RuntimeExport("xl_platform_info")]
    private static int Info(PlatformInfo* info)
    {
        if (!Hypervisor.IsPresent)
            return (int)-Errno.NoSystemCall;
        *info = default;
        uint version = (uint)Hypercalls.Call(Abi.Hypercall.XenVersion, VersionOp.Version);
        info->MajorVersion = (ushort)(version >> 16);
        info->MinorVersion = (ushort)version;
        Hypercalls.Call(Abi.Hypercall.XenVersion, VersionOp.ExtraVersion, (ulong)info->ExtraVersion);
        info->ExtraVersion[PlatformInfo.ExtraVersionLength - 1] = 0;
        info->DomainId = Hypervisor.DomainNumber();
        info->MemoryBytes = StartInfo.Ram;
        info->SinceEntry = Clock.Now() - KernelMain.EntryTime;
        return 0;
    }

    /// <summary>The only one that is the same in a process: 0 there. OpenSSL's generators ask before each number.</summary>
    [RuntimeExport("xl_resume_count")]
    private static long ResumeCount() => (long)Clock.Resumes;
}
