using System.Globalization;

namespace Xenolith.Memory;

/// <summary>The toolstack's target as a size of RAM.</summary>
/// <remarks>
/// <code>
///   memory/static-max   KiB   what the toolstack gave the domain addresses for: the RAM of its memory map, and a few pages that are not in it
///   memory/target       KiB   what the domain is to have of it
/// </code>
/// So what is to be missing of the RAM is what the target is below the maximum. Source: Xen, docs/misc/xenstore-paths.pandoc, "~/memory".
/// </remarks>
internal static class BalloonTarget
{
    internal const string Path = "memory/target", MaximumPath = "memory/static-max";

    private const long Kibi = 1024;

    // What the toolstack has for itself of the maximum, at most. A difference beyond it is not that: the maximum was changed, which the memory map
    // was not.
    private const long MostBeside = 32 << 20;

    // No toolstack means less, and no domain starts with less.
    private const long Least = 1 << 20;

    private const int ReportedLength = 32;

    /// <summary>Bytes of RAM that are meant, at most as much as there can be.</summary>
    /// <param name="target">What <see cref="Path"/> says; another domain wrote it.</param>
    /// <param name="maximum">What <see cref="MaximumPath"/> says.</param>
    /// <param name="ram">Bytes of RAM that there can be.</param>
    /// <param name="error">What is wrong, if the result is <see langword="null"/>.</param>
    internal static long? Parse(string? target, string? maximum, long ram, out string? error)
    {
        error = null;
        if (target is null)
        {
            error = $"the toolstack has written no {Path}";
            return null;
        }
        if (ParseKibi(target) is not long bytes || bytes < Least)
        {
            error = $"{Path} is \"{Printable(target)}\", which is no number of KiB from 1024 on";
            return null;
        }
        long beside = ParseKibi(maximum) - ram ?? 0;
        if (beside is < 0 or > MostBeside)
            beside = 0;
        return Math.Clamp(bytes - beside, Math.Min(Least, ram), ram);
    }

    private static long? ParseKibi(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value <= long.MaxValue / Kibi ? value * Kibi : null;

    private static string Printable(string text) =>
        string.Concat(text.Take(ReportedLength).Select(character => character is >= ' ' and <= '~' ? character : '?'));
}
