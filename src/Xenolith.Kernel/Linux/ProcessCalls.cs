// The process as a whole: its identity, memory figures, limits and random numbers.
using System;
using Xenolith.Kernel.Boot;
using Xenolith.Kernel.Entropy;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Linux;

internal static unsafe class ProcessCalls
{
    internal const int ProcessId = 1;
    private const ulong Infinity = ulong.MaxValue;
    private const ulong LimitStack = 3, LimitProcesses = 6, LimitFiles = 7, HighestLimit = 15;
    private const ulong LimitSize = 16; // struct rlimit

    /// <summary>uname(2): says Linux, because programs choose their code paths by it; the release names the kernel.</summary>
    /// <kept>All fields.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EFAULT</errors>
    internal static long Uname(ulong address)
    {
        const int field = 65, fields = 6;
        if (!UserMemory.IsWritable(address, field * fields))
            return -Errno.Fault;
        Cpu.Asm.Fill((void*)address, 0, field * fields);
        Copy(address, "Linux"u8);
        Copy(address + field, "xenolith"u8);
        Copy(address + 2 * field, "6.1.0-xenolith"u8);
        Copy(address + 3 * field, "Xenolith 0.1"u8);
        Copy(address + 4 * field, "x86_64"u8);
        return 0;
    }

    /// <summary>sysinfo(2): what the garbage collector sizes itself by.</summary>
    /// <kept>Uptime, memory, threads.</kept>
    /// <refused>Loads are 0.</refused>
    /// <errors>EFAULT</errors>
    internal static long SystemInfo(ulong address)
    {
        const int size = 112;
        if (!UserMemory.IsWritable(address, size))
            return -Errno.Fault;
        Cpu.Asm.Fill((void*)address, 0, size);
        *(ulong*)address = Clock.Now() / Clock.NanosecondsPerSecond;
        *(ulong*)(address + 32) = Frames.Ram / Layout.PageSize;
        *(ulong*)(address + 40) = Commit.Available;
        *(ushort*)(address + 80) = (ushort)ThreadTable.Count;
        *(uint*)(address + 104) = (uint)Layout.PageSize; // mem_unit: the figures above are in pages
        return 0;
    }

    /// <summary>getpid(2).</summary>
    /// <kept>1.</kept>
    /// <refused>Nothing.</refused>
    /// <errors></errors>
    internal static long Id() => ProcessId;

    /// <summary>getppid(2).</summary>
    /// <kept>0.</kept>
    /// <refused>Nothing.</refused>
    /// <errors></errors>
    internal static long ParentId() => 0;

    /// <summary>getuid(2), geteuid(2), getgid(2), getegid(2).</summary>
    /// <kept>0: there is one user, root.</kept>
    /// <refused>Nothing.</refused>
    /// <errors></errors>
    internal static long UserId() => 0;

    /// <summary>getgroups(2).</summary>
    /// <kept>None.</kept>
    /// <refused>Nothing.</refused>
    /// <errors></errors>
    internal static long Groups() => 0;

    /// <summary>fork(2), vfork(2), execve(2), execveat(2), clone3(2).</summary>
    /// <kept>Nothing: a domain is one process.</kept>
    /// <refused>All (ENOSYS). Threads come by clone.</refused>
    /// <errors>ENOSYS</errors>
    internal static long NewProcess(ulong number) => Dispatcher.Refuse(number);

    /// <summary>wait4(2), waitid(2).</summary>
    /// <kept>There is never a child.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>ECHILD</errors>
    internal static long WaitForChild() => -Errno.NoChild;

    /// <summary>getrusage(2): all time is user time, the thread's own or that of all threads; the memory is what is charged.</summary>
    /// <kept>User time of the thread or the process, the largest resident size.</kept>
    /// <refused>All other fields are 0.</refused>
    /// <errors>EFAULT, EINVAL</errors>
    internal static long ResourceUsage(ulong who, ulong address)
    {
        const int size = 144, children = -1, thread = 1;
        if ((int)who is < children or > thread)
            return -Errno.Invalid;
        if (!UserMemory.IsWritable(address, size))
            return -Errno.Fault;
        Cpu.Asm.Fill((void*)address, 0, size);
        if ((int)who == children)
            return 0;
        ulong microseconds = ((int)who == thread ? Scheduler.RunTime(Thread.Current) : Scheduler.BusyTime()) / 1000;
        ((ulong*)address)[0] = microseconds / 1_000_000;
        ((ulong*)address)[1] = microseconds % 1_000_000;
        ((ulong*)address)[4] = Commit.Charged * Layout.PageSize / 1024;
        return 0;
    }

    /// <summary>getrlimit(2).</summary>
    /// <kept>The limits of stack, threads and descriptors; all else is unlimited.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EFAULT, EINVAL</errors>
    internal static long GetLimit(ulong resource, ulong address)
    {
        resource = (uint)resource;
        if (resource > HighestLimit)
            return -Errno.Invalid;
        if (!UserMemory.IsWritable(address, LimitSize))
            return -Errno.Fault;
        ((ulong*)address)[0] = ((ulong*)address)[1] = LimitOf(resource);
        return 0;
    }

    /// <summary>setrlimit(2).</summary>
    /// <kept>A limit that is no larger than the hard one is accepted.</kept>
    /// <refused>Limits do not change. Larger ones.</refused>
    /// <errors>EFAULT, EINVAL, EPERM</errors>
    internal static long SetLimit(ulong resource, ulong address)
    {
        if (!UserMemory.IsReadable(address, LimitSize))
            return -Errno.Fault;
        ulong soft = ((ulong*)address)[0], hard = ((ulong*)address)[1];
        if ((uint)resource > HighestLimit || soft > hard)
            return -Errno.Invalid;
        return hard > LimitOf((uint)resource) ? -Errno.NotPermitted : 0;
    }

    /// <summary>prlimit64(2).</summary>
    /// <kept>As getrlimit and setrlimit.</kept>
    /// <refused>Other processes.</refused>
    /// <errors>EFAULT, EINVAL, EPERM, ESRCH</errors>
    internal static long ChangeLimit(ulong process, ulong resource, ulong wanted, ulong old)
    {
        if ((uint)resource > HighestLimit)
            return -Errno.Invalid;
        if (wanted != 0 && !UserMemory.IsReadable(wanted, LimitSize))
            return -Errno.Fault;
        if ((int)process is not (0 or ProcessId))
            return -Errno.NoProcess;
        long result = wanted == 0 ? 0 : SetLimit(resource, wanted);
        return result != 0 || old == 0 ? result : GetLimit(resource, old);
    }

    /// <summary>getrandom(2): never blocks, the pool is seeded at boot.</summary>
    /// <kept>GRND_NONBLOCK, GRND_RANDOM and GRND_INSECURE give the same bytes.</kept>
    /// <refused>Nothing.</refused>
    /// <errors>EFAULT, EINVAL</errors>
    internal static long Random(ulong buffer, ulong length, ulong flags)
    {
        const ulong maximum = 0x7FFF_F000, piece = 64 << 10;
        const ulong random = 2, insecure = 4, known = 7;
        if ((flags & ~known) != 0 || (flags & known) >= (random | insecure))
            return -Errno.Invalid;
        if (length > maximum)
            length = maximum;
        if (!UserMemory.MayWrite(buffer, length))
            return -Errno.Fault;
        ulong done = 0;
        while (done < length)
        {
            if (done > 0)
                Scheduler.Pause();
            ulong count = length - done < piece ? length - done : piece;
            if (!UserMemory.IsWritable(buffer + done, count))
                return done > 0 ? (long)done : -Errno.Fault;
            EntropyPool.Fill(new Span<byte>((void*)(buffer + done), (int)count));
            done += count;
        }
        return (long)done;
    }

    private static ulong LimitOf(ulong resource) => resource switch
    {
        LimitStack => ProgramStart.StackSize,
        LimitProcesses => ThreadTable.MaximumThreads,
        LimitFiles => Files.FileTable.Capacity,
        _ => Infinity,
    };

    private static void Copy(ulong address, ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
            ((byte*)address)[i] = text[i];
    }
}
