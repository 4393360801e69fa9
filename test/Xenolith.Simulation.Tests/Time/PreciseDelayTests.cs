using System.Diagnostics;

namespace Xenolith.Tests.Time;

/// <summary>Waits below a millisecond, by the real clock.</summary>
public sealed class PreciseDelayTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(250)]
    [InlineData(1_900)]
    [InlineData(7_350)]
    public async Task A_wait_never_ends_early(int microseconds)
    {
        TimeSpan duration = TimeSpan.FromMicroseconds(microseconds);
        for (int i = 0; i < 20; i++)
        {
            long start = Stopwatch.GetTimestamp();
            PreciseDelay.Wait(duration);
            Assert.True(Stopwatch.GetElapsedTime(start) >= duration);
            start = Stopwatch.GetTimestamp();
            await PreciseDelay.WaitAsync(duration, Cancellation);
            Assert.True(Stopwatch.GetElapsedTime(start) >= duration);
        }
    }

    [Fact]
    public async Task Many_waits_end_and_the_shorter_ones_do_not_wait_for_the_longer()
    {
        Task longest = PreciseDelay.WaitAsync(TimeSpan.FromMinutes(1), new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
        Task[] waits = [.. Enumerable.Range(0, 2000).Select(i => PreciseDelay.WaitAsync(TimeSpan.FromMicroseconds(i * 37 % 5000), Cancellation))];
        await Task.WhenAll(waits).WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.False(longest.IsCompleted);
    }

    [Fact]
    public async Task Nothing_to_wait_for_completes_at_once()
    {
        Assert.True(PreciseDelay.WaitAsync(TimeSpan.Zero, Cancellation).IsCompletedSuccessfully);
        Assert.True(PreciseDelay.WaitAsync(TimeSpan.FromTicks(-1), Cancellation).IsCompletedSuccessfully);
        PreciseDelay.Wait(TimeSpan.MinValue);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PreciseDelay.WaitAsync(TimeSpan.Zero, new CancellationToken(canceled: true)));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(60_000)]
    public async Task A_wait_can_be_given_up(int milliseconds)
    {
        using CancellationTokenSource stop = new();
        Task wait = PreciseDelay.WaitAsync(TimeSpan.FromMilliseconds(milliseconds), stop.Token);
        await stop.CancelAsync();
        // A short one may have ended by itself meanwhile; a long one has not.
        Exception? error = await Record.ExceptionAsync(() => wait.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        Assert.True(error is OperationCanceledException || (error is null && milliseconds < 1000), $"{error}");
    }

    [Fact]
    public async Task A_wait_longer_than_a_timer_can_be_is_refused() =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => PreciseDelay.WaitAsync(TimeSpan.MaxValue, Cancellation));
}
