// Says of symbols that nothing defines who wants them: the linker's own message names addresses in objects that the user has never seen.

using Xenolith.Sdk.Elf;
using Xenolith.Sdk.NativeCode;

namespace Xenolith.Sdk.Linking;

/// <summary>Explains a link that failed for symbols that nothing defines.</summary>
internal static class MissingSymbols
{
    private const int LargestDistance = 3;

    /// <summary>The error to report.</summary>
    /// <param name="options">What was linked.</param>
    /// <param name="missing">The symbols.</param>
    internal static ImageLinkException Explain(ImageLinkOptions options, IReadOnlyList<string> missing)
    {
        if (options.NativeLibraries.Count != 0)
        {
            string libraries = string.Join(", ", options.NativeLibraries.Select(Path.GetFileName));
            IReadOnlyList<string> calls = WantedBy(options.ProgramObject, missing);
            if (calls.Count != 0)
                return new ImageLinkException("XEN1035", $"The program calls {NativeLibraryChecks.List(calls)}, which no native library of the project ({libraries}) defines.{Hint(options, calls)}");
            foreach (string library in options.NativeLibraries)
                if (WantedBy(library, missing) is { Count: > 0 } wanted)
                    return new ImageLinkException("XEN1036", $"{library} refers to {NativeLibraryChecks.List(wanted)}, which neither a native library of the project ({libraries}) nor musl, the C library of an image, defines. Add the library that does, or build this one without what needs it.");
        }
        return new ImageLinkException("XEN1006", $"Nothing in the image defines {string.Join(", ", missing)}. A native library is missing, or the program calls a function that the image's C library does not have.");
    }

    private static IReadOnlyList<string> WantedBy(string path, IReadOnlyList<string> missing)
    {
        HashSet<string> wanted = [.. ObjectFiles.GlobalSymbols(path).Where(s => s.IsUndefined).Select(s => s.Name)];
        return [.. missing.Where(wanted.Contains)];
    }

    /// <summary>What the user may have meant, or nothing.</summary>
    private static string Hint(ImageLinkOptions options, IReadOnlyList<string> calls)
    {
        string[] defined = [.. options.NativeLibraries.SelectMany(ObjectFiles.GlobalSymbols).Where(s => !s.IsUndefined).Select(s => s.Name).Distinct()];
        foreach (string call in calls)
        {
            // The Itanium C++ ABI: _Z, the length of the name, the name, its parameters.
            if (defined.Any(name => name.StartsWith($"_Z{call.Length}{call}", StringComparison.Ordinal)))
                return $" They define a C++ function {call}: declare it extern \"C\".";
            if (defined.Where(name => Distance(call, name) <= Math.Min(LargestDistance, call.Length / 2)).MinBy(name => Distance(call, name)) is { } near)
                return $" They define {near}: correct the name in [LibraryImport], or set its EntryPoint.";
        }
        return " Functions that are static in C are not seen outside.";
    }

    /// <summary>How many characters must be inserted, removed or changed to make one name of the other.</summary>
    private static int Distance(string one, string other)
    {
        int[] row = [.. Enumerable.Range(0, other.Length + 1)];
        for (int i = 1; i <= one.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (one[i - 1] == other[j - 1] ? 0 : 1)));
        }
        return row[^1];
    }
}
