// Time zones: UTC unless the machine has others; and what the calendar makes of it.
using System.Globalization;

namespace Conformance;

internal static class Zones
{
    internal static void Show()
    {
        Console.WriteLine($"UTC: {TimeZoneInfo.Utc.Id}, offset {TimeZoneInfo.Utc.BaseUtcOffset}, by name: {TimeZoneInfo.FindSystemTimeZoneById("UTC").BaseUtcOffset}");
        Console.WriteLine($"local: offset {TimeZoneInfo.Local.BaseUtcOffset}, daylight saving {TimeZoneInfo.Local.SupportsDaylightSavingTime}");
        DateTime time = new(2026, 7, 1, 12, 0, 0, DateTimeKind.Utc);
        Console.WriteLine($"{time:O} is {time.ToLocalTime():O}");
        try
        {
            TimeZoneInfo.FindSystemTimeZoneById("Nowhere/At_All");
        }
        catch (TimeZoneNotFoundException)
        {
            Console.WriteLine("an unknown zone: TimeZoneNotFoundException");
        }
        TimeZoneInfo.TransitionTime begin = TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 2, 0, 0), 3, 5, DayOfWeek.Sunday);
        TimeZoneInfo.TransitionTime end = TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 3, 0, 0), 10, 5, DayOfWeek.Sunday);
        TimeZoneInfo zone = TimeZoneInfo.CreateCustomTimeZone(
            "Test", TimeSpan.FromHours(1), "Test", "Test", "Test summer",
            [TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(DateTime.MinValue.Date, DateTime.MaxValue.Date, TimeSpan.FromHours(1), begin, end)]);
        foreach (int month in (int[])[1, 7])
            Console.WriteLine($"in a zone of the program's own: {TimeZoneInfo.ConvertTimeFromUtc(new DateTime(2026, month, 1, 12, 0, 0, DateTimeKind.Utc), zone):s}");
    }

    internal static void Calendar()
    {
        DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds(1_772_323_199);
        Console.WriteLine($"{time:O} {time.ToString("R", CultureInfo.InvariantCulture)} {time:dddd d MMMM yyyy} week {ISOWeek.GetWeekOfYear(time.DateTime)}");
        Console.WriteLine($"leap: {DateTime.IsLeapYear(2028)} {DateTime.DaysInMonth(2028, 2)}, parsed: {DateTime.Parse("2026-02-28T23:59:59Z", CultureInfo.InvariantCulture).ToUniversalTime():O}");
        Console.WriteLine($"{DateOnly.FromDateTime(time.DateTime)} {TimeOnly.FromDateTime(time.DateTime)} {TimeSpan.FromSeconds(100_000):g} {new PersianCalendar().GetYear(time.DateTime)}");
    }
}
