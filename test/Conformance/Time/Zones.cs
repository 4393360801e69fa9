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

    /// <summary>Zones that were packed into the image; a Linux machine has them all.</summary>
    internal static void Packed()
    {
        foreach (string id in (string[])["Europe/Zurich", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "US/Pacific"])
        {
            TimeZoneInfo zone = TimeZoneInfo.FindSystemTimeZoneById(id);
            Console.WriteLine($"{zone.Id}, {zone.BaseUtcOffset}, {zone.DisplayName}, {zone.StandardName}, {zone.DaylightName}, rules {zone.GetAdjustmentRules().Length}");
            foreach (string time in (string[])["1900-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2011-12-30T12:00:00Z", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", "2026-07-01T12:00:00Z", "2060-12-01T00:00:00Z"])
            {
                DateTimeOffset there = TimeZoneInfo.ConvertTime(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), zone);
                Console.WriteLine($"    {time} is {there:yyyy-MM-ddTHH:mm:sszzz}, daylight saving {zone.IsDaylightSavingTime(there)}");
            }
        }
        TimeZoneInfo zurich = TimeZoneInfo.FindSystemTimeZoneById("Europe/Zurich");
        DateTime twice = new(2026, 10, 25, 2, 30, 0), never = new(2026, 3, 29, 2, 30, 0);
        Console.WriteLine($"{twice:s} is twice there {zurich.IsAmbiguousTime(twice)}: {string.Join(", ", zurich.GetAmbiguousTimeOffsets(twice))}; {never:s} is not {zurich.IsInvalidTime(never)}");
        Console.WriteLine($"listed: {TimeZoneInfo.GetSystemTimeZones().Count(zone => zone.Id is "Europe/Zurich" or "Asia/Kolkata")}");
    }

    /// <summary>The local zone, as the variable TZ says.</summary>
    internal static void Local()
    {
        DateTime time = new(2026, 7, 1, 12, 0, 0, DateTimeKind.Utc);
        Console.WriteLine($"local: {TimeZoneInfo.Local.Id}, {TimeZoneInfo.Local.BaseUtcOffset}; {time:O} is {time.ToLocalTime():O}, {new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).ToLocalTime():O}");
        Console.WriteLine($"now is as far from UTC as the zone says: {Math.Abs((DateTime.Now - DateTime.UtcNow - TimeZoneInfo.Local.GetUtcOffset(DateTime.UtcNow)).TotalSeconds) < 2}");
    }

    internal static void Calendar()
    {
        DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds(1_772_323_199);
        Console.WriteLine($"{time:O} {time.ToString("R", CultureInfo.InvariantCulture)} {time:dddd d MMMM yyyy} week {ISOWeek.GetWeekOfYear(time.DateTime)}");
        Console.WriteLine($"leap: {DateTime.IsLeapYear(2028)} {DateTime.DaysInMonth(2028, 2)}, parsed: {DateTime.Parse("2026-02-28T23:59:59Z", CultureInfo.InvariantCulture).ToUniversalTime():O}");
        Console.WriteLine($"{DateOnly.FromDateTime(time.DateTime)} {TimeOnly.FromDateTime(time.DateTime)} {TimeSpan.FromSeconds(100_000):g} {new PersianCalendar().GetYear(time.DateTime)}");
    }
}
