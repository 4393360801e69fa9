// Finds the stack frames in a console log, the kernel's and those of .NET's exceptions, and says where in the sources they are.

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Xenolith.Cli.Symbolizing;

/// <summary>Annotates console logs.</summary>
internal static partial class LogSymbolizer
{
    /// <summary>
    /// The log with the source of each frame behind it, and a line for each function that was inlined there. Everything else stays as it is,
    /// whatever stands before a line (a time, say) included.
    /// </summary>
    /// <exception cref="CliException">There is no frame in the log, or none of this image.</exception>
    internal static async Task<string> AnnotateAsync(string log, ImageSymbols image, CancellationToken cancellation)
    {
        string[] lines = log.Split('\n');
        Frame?[] frames = [.. lines.Select(line => Frame.Parse(line, image))];
        if (Array.TrueForAll(frames, f => f is null))
            throw new CliException(ExitCode.WrongLog, "there is no stack frame in the log: lines such as `xenolith:    at NAME+0x1f` are looked for");
        LeaveOutOtherImages(lines, frames, image);

        var sources = await SourceLines.FindAsync(image.DebugFile, frames.SelectMany(f => f?.Places ?? []), cancellation).ConfigureAwait(false);
        return string.Join('\n', lines.Zip(frames, (line, frame) => frame is null ? line : Annotate(line, frame, sources)));
    }

    /// <summary>Each crash ends with the build id of its image: frames before that of another image are not this one's.</summary>
    private static void LeaveOutOtherImages(string[] lines, Frame?[] frames, ImageSymbols image)
    {
        string? other = null;
        bool isThere = false;
        int begin = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            if (BuildIdLine().Match(lines[i]) is not { Success: true } match)
                continue;
            if (match.Groups["id"].Value == image.BuildId)
                isThere = true;
            else
            {
                other = match.Groups["id"].Value;
                Array.Clear(frames, begin, i - begin);
            }
            begin = i + 1;
        }
        if (other is not null && !isThere)
            throw new CliException(ExitCode.WrongLog, $"the log is of another image: its build id is {other}, and the image's is {image.BuildId ?? "not there"}");
    }

    private static string Annotate(string line, Frame frame, IReadOnlyDictionary<CodePlace, IReadOnlyList<SourceFrame>> sources)
    {
        IReadOnlyList<SourceFrame>[] found = [.. frame.Places.Select(p => sources[p]).Where(f => f.Count != 0)];
        if (found.Length == 0)
            return line;

        string end = line.EndsWith('\r') ? "\r" : "";
        StringBuilder text = new();
        if (found.Length == 1)
            foreach (SourceFrame inlined in found[0].Take(found[0].Count - 1))
                text.Append(CultureInfo.InvariantCulture, $"{frame.Start}{inlined.Function ?? "?"} (inlined){(inlined.Place is null ? "" : " in " + inlined.Place)}{end}\n");
        text.Append(frame.Start);
        // A bare address gets the name that the image did not carry.
        if (frame.IsBare && found[0][^1].Function is { } name)
            text.Append(CultureInfo.InvariantCulture, $"{name} ({frame.Text})");
        else
            text.Append(frame.Text);
        string[] sites = [.. found.Select(f => f[^1].Place).OfType<string>().Distinct()];
        // Functions that share a name: only one can be meant, and the log does not say which.
        if (sites.Length != 0 && (sites.Length == 1 || !frame.IsManaged))
            text.Append(" in ").AppendJoin(" or ", sites);
        return text.Append(end).ToString();
    }

    /// <summary>A line that is a stack frame.</summary>
    private sealed record Frame(string Start, string Text, IReadOnlyList<CodePlace> Places, bool IsBare, bool IsManaged)
    {
        internal static Frame? Parse(string line, ImageSymbols image)
        {
            if (KernelFrame().Match(line) is { Success: true } kernel)
            {
                bool isBare = !kernel.Groups["name"].Success;
                ulong number = Number(kernel);
                return new Frame(kernel.Groups["start"].Value, kernel.Groups["text"].Value, isBare ? [image.PlaceAt(number)] : [.. image.Find(kernel.Groups["name"].Value, number)], isBare, false);
            }
            if (ManagedFrame().Match(line) is not { Success: true } managed)
                return null;
            // The offset is that of the place to return to, behind the call.
            ulong offset = Number(managed);
            return new Frame(
                managed.Groups["start"].Value, managed.Groups["text"].Value, [.. image.FindMethod(managed.Groups["name"].Value, offset == 0 ? 0 : offset - 1)], false, true);
        }

        private static ulong Number(Match match) => ulong.Parse(match.Groups["number"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^(?<start>.*?xenolith: +at )(?<text>(?:(?<name>\S.*)\+)?0x(?<number>[0-9a-f]{1,16}))\r?$")]
    private static partial Regex KernelFrame();

    [GeneratedRegex(@"^(?<start>.*?   at )(?<text>(?<name>[^\s(].*?)\([^()]*\) \+ 0x(?<number>[0-9a-f]{1,16}))\r?$")]
    private static partial Regex ManagedFrame();

    [GeneratedRegex(@"xenolith: +image .*\bbuild id (?<id>[0-9a-f]+)\r?$")]
    private static partial Regex BuildIdLine();
}
