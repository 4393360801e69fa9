using System.Diagnostics;
using System.Globalization;
using Xenolith.Xenstore;

namespace Soak;

/// <summary>How far a domain's wall clock is from this one's: asks in xenstore, between two readings, again and again.</summary>
internal static class ClockOfDomain
{
    // Nanoseconds.
    private const long Close = 25_000_000;

    /// <summary>
    /// Prints between which two numbers of nanoseconds the domain's clock is ahead of this one. The domain read its clock at some time between
    /// question and answer, so each answer gives such a pair, and all have to be true. Asks until they leave little, but no more often than it is
    /// told.
    /// </summary>
    internal static async Task<int> MeasureAsync(XenstoreClient store, int domain, int most)
    {
        string home = $"/local/domain/{domain.ToString(CultureInfo.InvariantCulture)}/data";
        long least = long.MinValue, greatest = long.MaxValue;
        int asked = 0;
        await using XenstoreWatch answers = await store.WatchAsync($"{home}/answer");
        await answers.ReadAsync(); // a watch begins with an event
        for (; asked < most && (asked < 5 || least < -Close || greatest > Close); asked++)
        {
            string question = $"time-{Guid.NewGuid():N}";
            long start = Stopwatch.GetTimestamp();
            long before = Now();
            await store.WriteAsync($"{home}/question", question);
            string? answer;
            long after;
            do
            {
                await answers.ReadAsync();
                after = before + (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds;
                answer = await store.ReadAsync($"{home}/answer");
            }
            while (answer?.StartsWith(question, StringComparison.Ordinal) != true);
            long answered = long.Parse(answer.AsSpan(question.Length), CultureInfo.InvariantCulture);
            least = Math.Max(least, answered - after);
            greatest = Math.Min(greatest, answered - before);
        }
        Console.WriteLine($"{least} {greatest} {asked}");
        return 0;
    }

    private static long Now() => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
}
