using System.Runtime.CompilerServices;

namespace Xenolith.Contract;

/// <summary>Where time is checked: a domain that is suspended while a case runs.</summary>
/// <param name="Platform">The platform under test.</param>
/// <param name="SuspendAsync">Has the domain suspended, for longer than a second, and completes when it runs again. A case calls it once.</param>
public sealed record TimeWorld(XenPlatform Platform, Func<Task> SuspendAsync)
{
    internal TimeProvider Time => Platform.TimeProvider;

    internal bool IsReal => Time == TimeProvider.System;

    internal Task DelayAsync(TimeSpan duration) => Task.Delay(duration, Time);
}

/// <summary>One thing that time does over a suspension.</summary>
/// <param name="Name">A sentence, its words joined by underscores.</param>
/// <param name="Run">Checks it, over one suspension.</param>
public sealed record TimeCase(string Name, Func<TimeWorld, Task> Run)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>
/// What clocks and timers do when the domain is suspended and goes on, there or elsewhere: the same in the kernel and in the simulation.
/// </summary>
public static class TimeContract
{
    private static readonly TimeSpan s_reading = TimeSpan.FromMilliseconds(100); // two clocks are read one after the other, and threads have their turns

    /// <summary>Every case. They can run at the same time, over one suspension.</summary>
    public static IReadOnlyList<TimeCase> All { get; } =
    [
        Case(The_monotonic_clock_never_goes_back),
        Case(The_wall_clock_goes_as_far_as_the_monotonic_one),
        Case(Timers_that_fell_due_fire_once_and_none_early),
        Case(A_delay_that_is_not_due_yet_goes_on),
        Case(A_delay_can_be_cancelled_afterwards),
        Case(A_periodic_timer_ticks_once_for_all_that_it_missed_and_goes_on),
        Case(A_token_is_cancelled_when_its_time_is_up),
        Case(A_sleeping_thread_and_a_precise_wait_end_and_not_early),
    ];

    private static TimeCase Case(Func<TimeWorld, Task> run, [CallerArgumentExpression(nameof(run))] string name = "") => new(name, run);

    private static async Task The_monotonic_clock_never_goes_back(TimeWorld world)
    {
        bool isOver = false;
        Task reading = ReadAsync();
        await world.SuspendAsync();
        await world.DelayAsync(TimeSpan.FromMilliseconds(100));
        isOver = true;
        await reading;

        async Task ReadAsync()
        {
            long last = world.Time.GetTimestamp();
            while (!isOver)
            {
                for (int i = 0; i < 100; i++)
                {
                    long now = world.Time.GetTimestamp();
                    Check.True(now >= last);
                    last = now;
                }
                await world.DelayAsync(TimeSpan.FromMilliseconds(1));
            }
        }
    }

    private static async Task The_wall_clock_goes_as_far_as_the_monotonic_one(TimeWorld world)
    {
        (long stamp, DateTimeOffset wall) = Read(world.Time);
        await world.SuspendAsync();
        (long stampNow, DateTimeOffset wallNow) = Read(world.Time);
        TimeSpan elapsed = world.Time.GetElapsedTime(stamp, stampNow);
        Check.True(elapsed > TimeSpan.FromSeconds(1), $"it took {elapsed}");
        TimeSpan apart = wallNow - wall - elapsed;
        Check.True(apart.Duration() < s_reading, $"the wall clock has gone {apart} further");

        static (long, DateTimeOffset) Read(TimeProvider time)
        {
            (long, DateTimeOffset) narrowest = default;
            TimeSpan width = TimeSpan.MaxValue;
            for (int i = 0; i < 10; i++)
            {
                long before = time.GetTimestamp();
                DateTimeOffset wall = time.GetUtcNow();
                TimeSpan took = time.GetElapsedTime(before);
                if (took < width)
                    (narrowest, width) = ((before, wall), took);
            }
            return narrowest;
        }
    }

    private static async Task Timers_that_fell_due_fire_once_and_none_early(TimeWorld world)
    {
        const int Timers = 50;
        int[] fired = new int[Timers];
        int early = 0;
        List<ITimer> timers = [];
        for (int i = 0; i < Timers; i++)
        {
            int timer = i;
            TimeSpan due = TimeSpan.FromMilliseconds(40 * (i + 1)); // to two seconds: before, meanwhile and after
            long start = world.Time.GetTimestamp();
            timers.Add(world.Time.CreateTimer(
                _ =>
                {
                    Interlocked.Increment(ref fired[timer]);
                    if (world.Time.GetElapsedTime(start) < due - TimeSpan.FromMilliseconds(1)) // the runtime's timers count whole milliseconds
                        Interlocked.Increment(ref early);
                },
                null, due, Timeout.InfiniteTimeSpan));
        }
        await world.SuspendAsync();
        await world.DelayAsync(TimeSpan.FromSeconds(3));
        Check.True(fired.All(count => count == 1), $"fired: {string.Join(' ', fired)}");
        Check.Equal(0, early);
        foreach (ITimer timer in timers)
            await timer.DisposeAsync();
    }

    private static async Task A_delay_that_is_not_due_yet_goes_on(TimeWorld world)
    {
        TimeSpan duration = TimeSpan.FromSeconds(12);
        long start = world.Time.GetTimestamp();
        Task delay = world.DelayAsync(duration);
        await world.SuspendAsync();
        await delay;
        Check.True(world.Time.GetElapsedTime(start) >= duration - TimeSpan.FromMilliseconds(1));
    }

    private static async Task A_delay_can_be_cancelled_afterwards(TimeWorld world)
    {
        using CancellationTokenSource stop = new();
        Task delay = Task.Delay(TimeSpan.FromDays(1), world.Time, stop.Token);
        await world.SuspendAsync();
        Check.True(!delay.IsCompleted);
        stop.Cancel();
        await Check.ThrowsAsync<OperationCanceledException>(() => delay);
    }

    private static async Task A_periodic_timer_ticks_once_for_all_that_it_missed_and_goes_on(TimeWorld world)
    {
        TimeSpan period = TimeSpan.FromMilliseconds(50);
        int ticks = 0;
        long start = world.Time.GetTimestamp();
        using PeriodicTimer timer = new(period, world.Time);
        Task ticking = TickAsync();
        await world.SuspendAsync();
        int then = ticks;
        for (int i = 0; i < 1000 && ticks < then + 4; i++)
            await world.DelayAsync(period);
        Check.True(ticks >= then + 4, "it stands still");
        timer.Dispose();
        await ticking;
        Check.True(ticks <= (world.Time.GetElapsedTime(start) / period) + 1, $"{ticks} ticks in {world.Time.GetElapsedTime(start)}");

        async Task TickAsync()
        {
            while (await timer.WaitForNextTickAsync())
                ticks++;
        }
    }

    private static async Task A_token_is_cancelled_when_its_time_is_up(TimeWorld world)
    {
        int cancelled = 0;
        using CancellationTokenSource meanwhile = new(TimeSpan.FromMilliseconds(500), world.Time), later = new(TimeSpan.FromDays(1), world.Time);
        using CancellationTokenRegistration counting = meanwhile.Token.Register(() => Interlocked.Increment(ref cancelled));
        await world.SuspendAsync();
        await world.DelayAsync(TimeSpan.FromSeconds(1));
        Check.Equal(1, cancelled);
        Check.True(!later.IsCancellationRequested);
    }

    /// <summary>By real time only: these know no other.</summary>
    private static async Task A_sleeping_thread_and_a_precise_wait_end_and_not_early(TimeWorld world)
    {
        TimeSpan duration = TimeSpan.FromMilliseconds(1234.5);
        long start = world.Time.GetTimestamp();
        Task[] waits = world.IsReal
            ? [PreciseDelay.WaitAsync(duration), Task.Run(() => PreciseDelay.Wait(duration)), Task.Run(() => Thread.Sleep(duration))]
            : [];
        await world.SuspendAsync();
        foreach (Task wait in waits)
            await wait;
        Check.True(!world.IsReal || world.Time.GetElapsedTime(start) >= duration - TimeSpan.FromMilliseconds(1));
        if (world.IsReal)
            await PreciseDelay.WaitAsync(duration); // and they go on
    }
}
