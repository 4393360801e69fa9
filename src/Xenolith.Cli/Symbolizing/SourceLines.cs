// Source lines of addresses, from a symbol file's DWARF, by binutils' addr2line.

using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Xenolith.Sdk.Symbols;

namespace Xenolith.Cli.Symbolizing;

/// <summary>A function at an address.</summary>
/// <param name="Function">Its name; null when it is not known.</param>
/// <param name="Place">Its source as .NET writes it in a stack trace, <c>FILE:line N</c>; null when it is not known.</param>
internal sealed record SourceFrame(string? Function, string? Place);

/// <summary>Looks addresses up.</summary>
internal static class SourceLines
{
    private const string Tool = "addr2line";
    private const string Unknown = "??";

    /// <summary>The functions at each place: first those that are inlined, innermost first, and last the one that the code belongs to.</summary>
    /// <exception cref="CliException">The tool is missing or cannot read the file.</exception>
    internal static async Task<IReadOnlyDictionary<CodePlace, IReadOnlyList<SourceFrame>>> FindAsync(string debugFile, IEnumerable<CodePlace> places, CancellationToken cancellation)
    {
        CodePlace[] asked = [.. places.Distinct()];
        if (asked.Length == 0)
            return new Dictionary<CodePlace, IReadOnlyList<SourceFrame>>();
        // What lies before a function, too: code that the compiler made up has no lines of its own, and would be given those of what it lies behind.
        ulong[] addresses = [.. asked.SelectMany(p => (ulong[])[p.Address, p.Function - 1]).Distinct()];

        // Of each address itself, then two lines for each function: its name, and FILE:LINE.
        ProcessStartInfo start = new(Tool, ["--addresses", "--functions", "--inlines", "--demangle", "--exe", debugFile])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Start(start);
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation);
        Task<string> errors = process.StandardError.ReadToEndAsync(cancellation);
        await process.StandardInput.WriteAsync(string.Concat(addresses.Select(a => string.Create(CultureInfo.InvariantCulture, $"0x{a:x}\n")))).ConfigureAwait(false);
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        if (process.ExitCode != 0)
            throw new CliException(ExitCode.NotAnImage, $"{Tool} cannot read {debugFile}: {(await errors.ConfigureAwait(false)).Trim()}");
        var found = Parse(addresses, (await output.ConfigureAwait(false)).Split('\n'));
        return asked.ToDictionary(p => p, p => WithoutBorrowedLine(found[p.Address], found[p.Function - 1]));
    }

    private static IReadOnlyList<SourceFrame> WithoutBorrowedLine(IReadOnlyList<SourceFrame> frames, IReadOnlyList<SourceFrame> before) =>
        frames is [var only] && before is [.., var last] && only.Place == last.Place ? [only with { Place = null }] : frames;

    private static Dictionary<ulong, IReadOnlyList<SourceFrame>> Parse(ulong[] asked, string[] lines)
    {
        Dictionary<ulong, IReadOnlyList<SourceFrame>> found = [];
        int at = 0;
        foreach (ulong address in asked)
        {
            at++;
            List<SourceFrame> frames = [];
            for (; at + 1 < lines.Length && !lines[at].StartsWith("0x", StringComparison.Ordinal); at += 2)
                frames.Add(new SourceFrame(lines[at] == Unknown ? null : ManagedName.Shorten(lines[at]), Place(lines[at + 1])));
            found[address] = frames;
        }
        return found;
    }

    /// <summary>From <c>FILE:LINE</c>, where either may be question marks and a note in parentheses may follow.</summary>
    private static string? Place(string text)
    {
        int colon = text.LastIndexOf(':');
        string file = colon < 0 ? text : text[..colon];
        string line = colon < 0 ? "" : text[(colon + 1)..].Split(' ')[0];
        return file.StartsWith(Unknown, StringComparison.Ordinal) || !int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number == 0
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{file}:line {number}");
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new CliException(ExitCode.Unavailable, $"the program {Tool} is not installed: run `apt-get install binutils`");
        }
    }
}
