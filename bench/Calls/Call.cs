namespace Xenolith.Bench.Calls;

/// <summary>Something to measure, which the C code knows by its key.</summary>
/// <param name="Key">The name on the programs' command line.</param>
/// <param name="Title">The name for a reader.</param>
/// <param name="Rounds">How often a batch does it.</param>
/// <param name="InLibrary">Whether it is the C library's work alone, and can be measured on the host as well.</param>
internal sealed record Call(string Key, string Title, int Rounds, bool InLibrary = false)
{
    public static IReadOnlyList<Call> All { get; } =
    [
        new("clock-monotonic", "clock_gettime, monotonic", 10_000),
        new("clock-realtime", "clock_gettime, wall clock", 10_000),
        new("getcpu", "getcpu", 10_000),
        new("gettid", "gettid: a system call and nothing else", 10_000),
        new("yield", "sched_yield, no other thread runnable", 10_000),
        new("futex-wake", "futex wake, nobody waits", 10_000),
        new("wake-futex", "futex: there and back, two wake-ups", 1_000),
        new("wake-timer", "timer: sleeper runs after its time, CPU idle", 20),
        new("wake-timer-busy", "the same, another thread computes", 20),
        new("malloc-32", "malloc and free, 32 bytes, nothing else allocated", 5_000, InLibrary: true),
        new("malloc-512", "the same, 512 bytes", 5_000, InLibrary: true),
        new("malloc-8k", "the same, 8 KiB", 5_000, InLibrary: true),
        new("malloc-mixed", "512 blocks of 16 to 1,039 bytes, one replaced", 10_000, InLibrary: true),
        .. Blocks("memcpy"), .. Blocks("memset"), .. Blocks("memcmp"),
    ];

    private static IEnumerable<Call> Blocks(string routine) =>
    [
        new($"{routine}-16", $"{routine}, 16 bytes", 5_000, InLibrary: true),
        new($"{routine}-64", $"{routine}, 64 bytes", 5_000, InLibrary: true),
        new($"{routine}-256", $"{routine}, 256 bytes", 5_000, InLibrary: true),
        new($"{routine}-1k", $"{routine}, 1 KiB", 2_000, InLibrary: true),
        new($"{routine}-4k", $"{routine}, 4 KiB", 1_000, InLibrary: true),
        new($"{routine}-64k", $"{routine}, 64 KiB", 100, InLibrary: true),
        new($"{routine}-1m", $"{routine}, 1 MiB", 10, InLibrary: true),
    ];
}
