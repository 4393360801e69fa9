// Draws a call and its arguments, changes what would end the program, wait for ever or take away what is not the fuzzer's, and makes it.
using System.Runtime.InteropServices;

namespace SystemCallFuzz;

internal sealed unsafe class Fuzzer
{
    // 48 MiB: to what a balloon may take the domain.
    private const ulong LeastPages = 48 << 8;
    private static readonly ulong s_pages = Health.Pages();

    private const string Folder = "/tmp/fuzz";
    private const int CallsPerRound = 2000;
    private const int ReadWrite = 2, Append = 0x400, PathOnly = 0x200000; // of open(2)
    // Signals that mean nothing to anybody unless somebody asks for them: SIGCHLD, SIGURG, SIGWINCH.
    private static readonly ulong[] Harmless = [0, 17, 23, 28];

    private readonly Random _random;
    private readonly Values _values;
    private readonly Descriptors _descriptors = new();
    private readonly List<(ulong Address, ulong Count)> _pages = [], _grants = [];
    private readonly List<ulong> _ports = [];
    private readonly ulong[] _arguments = new ulong[6];

    internal Fuzzer(int seed)
    {
        _random = new Random(seed);
        _values = new Values(_random, _descriptors);
    }

    /// <summary>How often each errno came back; 0 for success.</summary>
    internal SortedDictionary<int, long> Results { get; } = [];

    /// <summary>Makes calls; from a number on, each is shown before it is made.</summary>
    internal void Run(long calls, long shownFrom)
    {
        for (long i = 0; i < calls; i++)
        {
            if (i % CallsPerRound == 0)
                Begin();
            long number = Draw();
            if (i >= shownFrom)
                Console.WriteLine($"{i}: {number}({string.Join(", ", _arguments.Select(argument => argument.ToString("x")))})");
            long result = Linux.Call(number, _arguments[0], _arguments[1], _arguments[2], _arguments[3], _arguments[4], _arguments[5]);
            int error = result == -1 ? Marshal.GetLastPInvokeError() : 0;
            Count(error);
            if (error == 0)
                Succeeded(number, result);
        }
        End();
    }

    private void Count(int error) => Results[error] = Results.GetValueOrDefault(error) + 1;

    /// <summary>Everything anew: the files, the descriptors, the arena.</summary>
    private void Begin()
    {
        End();
        Directory.CreateDirectory(Folder + "/e");
        Directory.SetCurrentDirectory(Folder);
        File.WriteAllBytes("a", new byte[Arena.FileSize]);
        File.WriteAllText("b", "content");
        File.CreateSymbolicLink("link", "e");
        File.CreateSymbolicLink("loop", "loop");
        Arena.Reset(_values, Open("a", 2));
        foreach (string path in (string[])["b", ".", "/proc/self/maps", "/proc/self/fd", "/dev/urandom"])
            Open(path, 0);
        foreach (string path in (string[])["b", "/dev/null", "/dev/zero", "/dev/full"])
            Open(path, ReadWrite | Append);
        Open("e", PathOnly);
        int* ends = (int*)Arena.Scratch;
        Linux.Require(Linux.Pipe2, (ulong)ends, Linux.NonBlocking);
        _descriptors.Add((ulong)ends[0], _random);
        _descriptors.Add((ulong)ends[1], _random);
        _descriptors.Add((ulong)Linux.Require(Linux.EpollCreate1, 0), _random);
    }

    /// <summary>Gives back all that calls have taken.</summary>
    internal void End()
    {
        _descriptors.CloseAll();
        foreach ((ulong address, ulong count) in _grants)
            _ = Linux.Call(Linux.GrantUnmap, address, count);
        foreach ((ulong address, ulong count) in _pages)
            _ = Linux.Call(Linux.PageFree, address, count);
        foreach (ulong port in _ports)
            _ = Linux.Call(Linux.EventClose, port);
        _grants.Clear();
        _pages.Clear();
        _ports.Clear();
        _ = Linux.Call(Linux.XenstoreUnsent, 0);
        _ = Linux.Call(Linux.ShutdownReason, 0);
        while (Linux.Call(Linux.MemoryBalloon, s_pages) == 1)
        {
            // a step on the way to all of the memory
        }
        Arena.Release();
        _ = Linux.Call(95, 0x12); // umask
        Directory.SetCurrentDirectory("/");
        Sweeper.Empty("/tmp");
    }

    private ulong Open(string path, int flags)
    {
        nint text = Marshal.StringToCoTaskMemUTF8(path);
        ulong descriptor = (ulong)Linux.Require(Linux.Open, (ulong)text, (ulong)(flags | Linux.NonBlocking));
        Marshal.FreeCoTaskMem(text);
        _descriptors.Add(descriptor, _random);
        return descriptor;
    }

    /// <summary>A call that may be made; its arguments are in the array.</summary>
    private long Draw()
    {
        for (; ; )
        {
            long number = _random.Next(20) switch
            {
                < 17 => Signatures.Known[_random.Next(Signatures.Known.Length)],
                17 => _random.Next(512),
                18 => Linux.Platform + _random.Next(64),
                _ => (long)_values.Bits(),
            };
            string signature = _values.Chance(90) ? Signatures.Of(number) ?? "" : "";
            for (int i = 0; i < _arguments.Length; i++)
                _arguments[i] = i < signature.Length ? Argument(signature[i]) : _values.Any();
            if (IsAllowed(number))
                return number;
        }
    }

    private ulong Argument(char kind) => _values.Chance(3) ? _values.Any() : kind switch
    {
        'f' => _descriptors.Any(_random),
        'd' => _values.Chance(50) ? ulong.MaxValue - 99 : _descriptors.Any(_random),
        'p' => _values.Path(),
        'b' => _values.Address(),
        'v' => _values.Vector(),
        't' => _values.Time(),
        'a' => _values.Place(),
        'e' => _values.Extent(),
        'n' => _values.Number(),
        's' => (ulong)_random.Next(_values.Chance(80) ? 12 : 70),
        _ => _values.Bits(),
    };

    /// <summary>False for a call that is not to be made. Makes others harmless.</summary>
    private bool IsAllowed(long number)
    {
        ulong[] a = _arguments;
        switch (number)
        {
            // What ends or doubles the program, or waits for ever whatever the arguments are.
            case Linux.Exit or Linux.ExitGroup or Linux.RtSigreturn or Linux.Fork or Linux.Vfork or Linux.Clone3:
            case Linux.Pause or Linux.InotifyInit or Linux.Suspend:
                return false;
            case Linux.MemoryBalloon:
                return a[0] is 0 or >= LeastPages; // this program needs some
            case Linux.Clone:
                a[0] &= ~0x1_0100ul; // neither a thread nor the same memory: refused
                return true;

            // The runtime's own descriptors.
            case Linux.Close or Linux.Dup3 or Linux.Dup2:
                return IsOwn(a[0]) && (number == Linux.Close || IsOwn(a[1]) && a[1] > 32);
            case Linux.Read or Linux.Readv or Linux.Pread64 or Linux.Preadv:
            case Linux.Write or Linux.Writev or Linux.Pwrite64 or Linux.Pwritev or Linux.Dup:
                return IsOwn(a[0]);
            case Linux.Fcntl:
                if ((uint)a[1] == 4)
                    a[2] |= Linux.NonBlocking;
                return IsOwn(a[0]);
            case Linux.Pipe:
                a[0] = 0xFFFF_8000_0000_0000;
                return true;
            case Linux.Pipe2:
                a[1] |= Linux.NonBlocking;
                return true;
            case Linux.InotifyInit1:
                a[0] = _values.Chance(80) ? Linux.NonBlocking : a[0] | Linux.NonBlocking;
                return true;
            case Linux.Flock:
                a[1] |= 4;
                return IsOwn(a[0]);

            // Memory that is not the fuzzer's.
            case Linux.Mmap or Linux.Munmap or Linux.Mprotect or Linux.Madvise or Linux.Mremap or Linux.Msync:
                a[0] = _values.Place();
                a[1] = _values.Extent();
                if (number == Linux.Mremap)
                    (a[2], a[4]) = (_values.Extent(), _values.Place());
                return true;
            case Linux.ArchPrctl:
                return (uint)a[0] is not (0x1001 or 0x1002 or 0x1003);

            // Signals, which the runtime needs.
            case Linux.Kill or Linux.Tkill:
                a[1] = Harmless[_random.Next(Harmless.Length)];
                return true;
            case Linux.Tgkill:
                a[2] = Harmless[_random.Next(Harmless.Length)];
                return true;
            case Linux.RtSigaction:
                return (uint)a[0] is > 40 or 0 or 9 or 19;
            case Linux.RtSigprocmask:
                a[1] = _values.Chance(50) ? 0 : 0xFFFF_8000_0000_0000;
                return true;

            // What waits.
            case Linux.RtSigsuspend:
                a[0] = 0xFFFF_8000_0000_0000;
                return true;
            case Linux.Nanosleep:
                a[0] = _values.Time();
                return true;
            case Linux.ClockNanosleep or Linux.Ppoll:
                a[2] = _values.Time();
                return true;
            case Linux.Futex:
                a[3] = _values.Time();
                return true;
            case Linux.Select:
                a[4] = _values.Chance(50) ? 0xFFFF_8000_0000_0000 : _values.Microseconds();
                return true;
            case Linux.Pselect6:
                a[4] = _values.Time();
                return true;
            case Linux.Poll:
                a[2] &= 1;
                return true;
            case Linux.EpollWait or Linux.EpollPwait:
                a[3] &= 1;
                return true;
            case Linux.EventTake:
                a[1] = _values.Chance(50) ? 0 : 1ul << 21;
                return true;

            case Linux.PageAllocate:
                a[0] = _values.Chance(50) ? (ulong)_random.Next(64) : _values.Number() | 0x10_0001;
                return true;
            case Linux.PageFree when _pages.Count > 0 && _values.Chance(50):
                (a[0], a[1]) = _pages[_random.Next(_pages.Count)];
                return true;
            case Linux.GrantUnmap when _grants.Count > 0 && _values.Chance(50):
                (a[0], a[1]) = _grants[_random.Next(_grants.Count)];
                return true;
            default:
                return true;
        }
    }

    private bool IsOwn(ulong descriptor) => (uint)descriptor > 32 || _descriptors.Has(descriptor);

    /// <summary>Keeps what a call has given, so that it can be given back.</summary>
    private void Succeeded(long number, long result)
    {
        ulong[] a = _arguments;
        switch (number)
        {
            case Linux.Open or Linux.Openat or Linux.Creat or Linux.MemfdCreate or Linux.Dup or Linux.Dup2 or Linux.Dup3:
            case Linux.EpollCreate or Linux.EpollCreate1 or Linux.InotifyInit1:
                _descriptors.Add((ulong)result, _random);
                break;
            case Linux.Fcntl when (uint)a[1] is 0 or 1030:
                _descriptors.Add((ulong)result, _random);
                break;
            case Linux.Pipe2:
                _descriptors.Add((ulong)((int*)a[0])[0], _random);
                _descriptors.Add((ulong)((int*)a[0])[1], _random);
                break;
            case Linux.Close:
                _descriptors.Forget(a[0]);
                break;
            case Linux.Mmap when (ulong)result - Arena.Start >= Arena.Size:
                Linux.Require(Linux.Munmap, (ulong)result, a[1]);
                break;
            case Linux.PageAllocate when result != 0:
                _pages.Add(((ulong)result, a[0]));
                break;
            case Linux.PageFree:
                _pages.Remove((a[0], a[1]));
                break;
            case Linux.GrantMap:
                _grants.Add((*(ulong*)a[3], a[1]));
                break;
            case Linux.GrantUnmap:
                _grants.Remove((a[0], a[1]));
                break;
            case Linux.EventOpen:
                _ports.Add(((uint*)a[0])[4]);
                break;
        }
    }
}
