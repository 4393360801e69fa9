// A domain's command line. The kernel splits it into words as a shell would with double quotes, in which a backslash stands before a
// double quote or a backslash. Leading NAME=value words become environment variables; a word `--` ends them and is dropped; the rest
// are the program's arguments.

using System.Text.RegularExpressions;

namespace Xenolith.Sdk.Toolstack;

/// <summary>Makes command lines for domains.</summary>
public static partial class GuestCommandLine
{
    /// <summary>The command line that gives a program this environment and these arguments.</summary>
    /// <param name="environment">Names and values of environment variables, in order.</param>
    /// <param name="arguments">The program's arguments.</param>
    /// <exception cref="ArgumentException">A name is not one, or a word holds a control character; the message says which.</exception>
    public static string Join(IEnumerable<KeyValuePair<string, string>> environment, IReadOnlyList<string> arguments)
    {
        List<string> words = [];
        foreach ((string name, string value) in environment)
            words.Add(NamePattern().IsMatch(name) ? $"{name}={value}" : throw new ArgumentException($"`{name}` cannot be the name of an environment variable."));
        if (arguments.Count != 0 && (arguments[0] == "--" || AssignmentPattern().IsMatch(arguments[0])))
            words.Add("--");
        words.AddRange(arguments);
        return string.Join(' ', words.Select(Quote));
    }

    private static string Quote(string word)
    {
        if (word.AsSpan().IndexOfAnyInRange('\0', '\u001f') >= 0)
            throw new ArgumentException($"A domain's command line cannot carry the line break or control character in `{word}`.");
        return word.Length != 0 && word.AsSpan().IndexOfAny(" \"\\") < 0
            ? word
            : $"\"{word.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*=")]
    private static partial Regex AssignmentPattern();
}
