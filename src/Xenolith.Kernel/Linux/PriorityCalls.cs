// Priorities and scheduling policies: all threads have the same, and the calls say so. Asking for another nice value is granted and has no effect;
// asking for a real-time policy is refused.
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;

namespace Xenolith.Kernel.Linux;

internal static unsafe class PriorityCalls
{
    private const ulong ProcessPriority = 0, HighestWhich = 2;
    private const ulong PolicyOther = 0, PolicyFifo = 1, PolicyRoundRobin = 2, PolicyBatch = 3, PolicyIdle = 5, ResetOnFork = 0x40000000;

    /// <summary>getpriority(2): the nice value 0, which the call returns as 20 - 0.</summary>
    /// <kept>Its checks.</kept>
    /// <refused>Other values than 0.</refused>
    /// <errors>EINVAL, ESRCH</errors>
    internal static long Get(ulong which, ulong who)
    {
        if (which > HighestWhich)
            return -Errno.Invalid;
        return which == ProcessPriority && !IsThread(who) ? -Errno.NoProcess : 20;
    }

    /// <summary>setpriority(2).</summary>
    /// <kept>Accepted, without effect.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EINVAL, ESRCH</errors>
    internal static long Set(ulong which, ulong who)
    {
        if (which > HighestWhich)
            return -Errno.Invalid;
        return which == ProcessPriority && !IsThread(who) ? -Errno.NoProcess : 0;
    }

    /// <summary>sched_getscheduler(2).</summary>
    /// <kept>SCHED_OTHER.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EINVAL, ESRCH</errors>
    internal static long GetPolicy(ulong thread)
    {
        if ((int)thread < 0)
            return -Errno.Invalid;
        return IsThread(thread) ? (long)PolicyOther : -Errno.NoProcess;
    }

    /// <summary>sched_setscheduler(2), sched_setparam(2).</summary>
    /// <kept>The policies without priorities are accepted, without effect.</kept>
    /// <refused>Real-time policies (EPERM).</refused>
    /// <errors>EFAULT, EINVAL, EPERM, ESRCH</errors>
    internal static long SetPolicy(ulong thread, ulong policy, ulong parameters)
    {
        if ((int)thread < 0 || parameters == 0)
            return -Errno.Invalid;
        if (!UserMemory.IsReadable(parameters, sizeof(int)))
            return -Errno.Fault;
        if (!IsThread(thread))
            return -Errno.NoProcess;
        int priority = *(int*)parameters;
        return (policy & ~ResetOnFork) switch
        {
            PolicyOther or PolicyBatch or PolicyIdle => priority == 0 ? 0 : -Errno.Invalid,
            PolicyFifo or PolicyRoundRobin => priority is >= 1 and <= 99 ? -Errno.NotPermitted : -Errno.Invalid,
            _ => -Errno.Invalid,
        };
    }

    /// <summary>sched_getparam(2).</summary>
    /// <kept>The priority 0.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EFAULT, EINVAL, ESRCH</errors>
    internal static long GetParameters(ulong thread, ulong parameters)
    {
        if ((int)thread < 0 || parameters == 0)
            return -Errno.Invalid;
        if (!IsThread(thread))
            return -Errno.NoProcess;
        if (!UserMemory.IsWritable(parameters, sizeof(int)))
            return -Errno.Fault;
        *(int*)parameters = 0;
        return 0;
    }

    /// <summary>sched_get_priority_max(2).</summary>
    /// <kept>All policies but SCHED_DEADLINE.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EINVAL</errors>
    internal static long Highest(ulong policy) => Bound(policy, 99);

    /// <summary>sched_get_priority_min(2).</summary>
    /// <kept>All policies but SCHED_DEADLINE.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EINVAL</errors>
    internal static long Lowest(ulong policy) => Bound(policy, 1);

    /// <summary>sched_rr_get_interval(2).</summary>
    /// <kept>A slice is 10 ms.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EFAULT, EINVAL, ESRCH</errors>
    internal static long Slice(ulong thread, ulong time)
    {
        const ulong timespecSize = 16;
        if ((int)thread < 0)
            return -Errno.Invalid;
        if (!IsThread(thread))
            return -Errno.NoProcess;
        if (!UserMemory.IsWritable(time, timespecSize))
            return -Errno.Fault;
        ((ulong*)time)[0] = 0;
        ((ulong*)time)[1] = RunQueue.Slice;
        return 0;
    }

    private static long Bound(ulong policy, long realTime) => policy switch
    {
        PolicyOther or PolicyBatch or PolicyIdle => 0,
        PolicyFifo or PolicyRoundRobin => realTime,
        _ => -Errno.Invalid,
    };

    private static bool IsThread(ulong id) => (int)id == 0 || ThreadTable.Find((int)id) != null;
}
