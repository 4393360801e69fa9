// What the grant operations have in common: batches that fit on the stack, and another try where Xen asks for it.
using Xenolith.Abi;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Xen;

internal static unsafe class GrantOperation
{
    /// <summary>Operations of one hypercall: their structures, of 40 bytes at most, lie on a kernel stack of 16 KiB.</summary>
    internal const int Batch = 32;

    // Xen says "again" while the other domain's page comes in from a disk in dom0.
    private const int Tries = 5;

    /// <summary>Has Xen carry out a batch. Each operation's status was set to an error before, in case Xen does not come to it.</summary>
    internal static void Call(int operation, void* batch, int count)
    {
        if (count > 0)
            Hypercalls.Call(Abi.Hypercall.GrantTableOp, (ulong)operation, (ulong)batch, (ulong)count);
    }

    /// <summary>Has Xen carry out one operation again, as long as its status asks for that, a few times.</summary>
    internal static void Retry(int operation, void* argument, short* status)
    {
        for (int i = 0; i < Tries && *status == GrantStatus.Again; i++)
        {
            Hypercalls.Yield();
            Call(operation, argument, 1);
        }
    }

    /// <summary>The error number for a status that is not okay, negated.</summary>
    internal static long ToErrno(int status) => status switch
    {
        GrantStatus.Okay => 0,
        GrantStatus.BadDomain => -Errno.NoProcess,
        GrantStatus.BadReference or GrantStatus.BadHandle => -Errno.NoDevice,
        GrantStatus.BadVirtualAddress or GrantStatus.BadPage or GrantStatus.AddressTooBig => -Errno.Fault,
        GrantStatus.PermissionDenied => -Errno.NotPermitted,
        GrantStatus.NoDeviceSpace or GrantStatus.NoSpace => -Errno.NoSpace,
        GrantStatus.Again => -Errno.Busy,
        _ => -Errno.Invalid,
    };
}
