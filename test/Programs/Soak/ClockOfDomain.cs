using System.Diagnostics;
using System.Globalization;
using Xenolith.Xenstore;

namespace Soak;

/// <summary>How far a domain's wall clock is from this one's: asks in xenstore, between two readings, again and again.</summary>
internal static class ClockOfDomain
{
    // Nanoseconds.
    private const double Close = 10e6;

    /// <summary>
    /// Prints the error and its uncertainty in nanoseconds, by the narrowest of the answers: the domain read its clock at some time between question and
    /// answer. Asks until the uncertainty is small, but no more often than it is told.
    /// </summary>
    internal static async Task<int> MeasureAsync(XenstoreClient store, int domain, int most)
    {
        string home = $"/local/domain/{domain.ToString(CultureInfo.InvariantCulture)}/data";
        long error = 0, uncertainty = long.MaxValue;
        int asked = 0;
        await using XenstoreWatch answers = await store.WatchAsync($"{home}/answer");
        await answers.ReadAsync(); // a watch begins with an event
        for (; asked < most && (asked < 5 || uncertainty > Close); asked++)
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
            if ((after - before) / 2 >= uncertainty)
                continue;
            uncertainty = (after - before) / 2;
            error = long.Parse(answer.AsSpan(question.Length), CultureInfo.InvariantCulture) - before - uncertainty;
        }
        Console.WriteLine($"{error} {uncertainty} {asked}");
        return 0;
    }

    private static long Now() => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
}
