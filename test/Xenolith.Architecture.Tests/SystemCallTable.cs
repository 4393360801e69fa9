using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Xenolith.Architecture.Tests;

/// <summary>The kernel's system calls, from its sources: the dispatcher says who serves which number, the servant's documentation the rest.</summary>
internal static partial class SystemCallTable
{
    /// <summary>One call.</summary>
    /// <param name="Number">On x86-64.</param>
    /// <param name="Name">As Linux spells it.</param>
    /// <param name="Handler">The method that serves it.</param>
    internal sealed record Row(int Number, string Name, Handler Handler);

    /// <summary>A method that serves calls.</summary>
    /// <param name="Family">The class that it is in.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Documentation">What is written above it, without comment signs.</param>
    /// <param name="Body">The method itself.</param>
    internal sealed record Handler(string Family, string Name, string Documentation, string Body)
    {
        /// <summary>An element of the documentation, on one line; null if it is not there.</summary>
        internal string? Element(string name) =>
            Regex.Match(Documentation, $"<{name}>(.*?)</{name}>", RegexOptions.Singleline) is { Success: true } match
                ? Spaces().Replace(match.Groups[1].Value, " ").Trim().Replace("&lt;", "<", StringComparison.Ordinal).Replace("&amp;", "&", StringComparison.Ordinal)
                : null;
    }

    private const string Folder = "src/Xenolith.Kernel/Linux/";

    /// <summary>What path stands for in a list of errors.</summary>
    internal static readonly string[] PathErrors = ["EBADF", "EFAULT", "ELOOP", "ENAMETOOLONG", "ENOENT", "ENOMEM", "ENOTDIR"];

    /// <summary>Linux's error numbers on x86-64 (asm-generic/errno-base.h, asm-generic/errno.h), as far as the kernel uses them.</summary>
    internal static readonly IReadOnlyDictionary<int, string> ErrorNames = new Dictionary<int, string>
    {
        [1] = "EPERM", [2] = "ENOENT", [3] = "ESRCH", [4] = "EINTR", [6] = "ENXIO", [9] = "EBADF", [10] = "ECHILD", [11] = "EAGAIN", [12] = "ENOMEM", [13] = "EACCES",
        [14] = "EFAULT", [16] = "EBUSY", [17] = "EEXIST", [18] = "EXDEV", [19] = "ENODEV", [20] = "ENOTDIR", [21] = "EISDIR", [22] = "EINVAL", [24] = "EMFILE",
        [25] = "ENOTTY", [27] = "EFBIG", [28] = "ENOSPC", [29] = "ESPIPE", [30] = "EROFS", [32] = "EPIPE", [34] = "ERANGE", [36] = "ENAMETOOLONG", [38] = "ENOSYS",
        [39] = "ENOTEMPTY", [40] = "ELOOP", [75] = "EOVERFLOW", [88] = "ENOTSOCK", [95] = "EOPNOTSUPP", [97] = "EAFNOSUPPORT", [110] = "ETIMEDOUT", [116] = "ESTALE",
    };

    /// <summary>All calls that the dispatcher knows, by number.</summary>
    internal static IReadOnlyList<Row> Rows { get; } = ReadRows();

    /// <summary>The kernel's names of errors and their numbers.</summary>
    internal static IReadOnlyDictionary<string, int> Errors { get; } = Constants("Errno.cs");

    /// <summary>The document, as it has to be.</summary>
    internal static string Document()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"""
            # System calls

            <!-- Made from the comments in {Folder}*Calls.cs by {SystemCallTableTests.Remake} -->

            The {Rows.Count} calls of Linux on x86-64 that the kernel serves, and what of Linux's behaviour each keeps and refuses. Any other number answers ENOSYS and
            names itself once on the console. Errors are Linux's numbers. *path* stands for {string.Join(", ", PathErrors)}.

            For all of them: a range of memory that the program may not use as the call would is EFAULT, whole or in part; a wait that a signal interrupts is made again
            or is EINTR, as signal(7) says; a call that copies more than 1 MiB lets other threads run meanwhile. `test/Programs/SystemCallFuzz` makes a million calls with
            random arguments: each has to come back.

            The kernel's own calls, whose numbers begin at 0x584C00, are in [platform-abi.md](platform-abi.md).

            """);
        foreach (IGrouping<string, Row> family in Rows.GroupBy(row => row.Handler.Family).OrderBy(Title, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {Title(family)}\n\n`{Folder}{family.Key}.cs`\n\n| number | call | kept | refused | errors |\n|---|---|---|---|---|\n");
            Dictionary<Handler, string> told = [];
            foreach (Row row in family)
            {
                string errors = row.Handler.Element("errors") is { Length: > 0 } some ? some : "none";
                string rest = told.TryGetValue(row.Handler, out string? same)
                    ? $"as {same} | as {same} | as {same}"
                    : $"{row.Handler.Element("kept")} | {row.Handler.Element("refused")} | {errors}";
                told.TryAdd(row.Handler, row.Name);
                text.Append(CultureInfo.InvariantCulture, $"| {row.Number} | `{row.Name}` | {rest} |\n");
            }
        }
        return text.ToString();
    }

    /// <summary>The errors that a call's documentation lists, with what it refers to.</summary>
    internal static IEnumerable<string> Documented(Handler handler) =>
        (handler.Element("errors") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).SelectMany(word =>
            word == "path" ? PathErrors
            : word.StartsWith("as ", StringComparison.Ordinal) ? Documented(Rows.Single(row => row.Name == word[3..]).Handler)
            : [word]);

    private static string Title(IGrouping<string, Row> family) =>
        TitleText().Match(Repository.Read(Folder + family.Key + ".cs")).Groups[1].Value;

    private static List<Row> ReadRows()
    {
        IReadOnlyDictionary<string, int> numbers = Constants("SystemCall.cs");
        Dictionary<(string, string, int), Handler> handlers = [];
        List<Row> rows = [];
        foreach (Match match in Case().Matches(Repository.Read(Folder + "Dispatcher.cs")))
        {
            (string, string, int) key = (match.Groups[2].Value, match.Groups[3].Value, Count(match.Groups[4].Value));
            if (!handlers.TryGetValue(key, out Handler? handler))
                handlers.Add(key, handler = ReadHandler(key));
            foreach (string name in match.Groups[1].Value.Split(" or ").Select(constant => constant["SystemCall.".Length..]))
                rows.Add(new(numbers[name], Upper().Replace(name, "_$1").ToLowerInvariant(), handler));
        }
        return [.. rows.OrderBy(row => row.Number)];
    }

    private static Handler ReadHandler((string Family, string Name, int Arguments) key)
    {
        string source = Repository.Read(Folder + key.Family + ".cs");
        Match method = Regex.Matches(source, $@"((?:^    ///.*\n)*)^    internal static long {key.Name}\(([^)]*)\)(?: =>[^;]*;|\n    \{{\n(?:.*\n)*?    \}})", RegexOptions.Multiline)
            .Single(match => Count(match.Groups[2].Value) == key.Arguments);
        return new(key.Family, key.Name, method.Groups[1].Value.Replace("///", "", StringComparison.Ordinal), method.Value);
    }

    private static int Count(string list) => list.Length == 0 ? 0 : list.Split(',').Length;

    private static Dictionary<string, int> Constants(string file) =>
        Constant().Matches(Repository.Read(Folder + file)).ToDictionary(m => m.Groups[1].Value, m => int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"case (SystemCall\.\w+(?: or SystemCall\.\w+)*): return (\w+)\.(\w+)\((.*)\);")]
    private static partial Regex Case();

    [GeneratedRegex(@"(\w+) = (\d+)[,;]")]
    private static partial Regex Constant();

    [GeneratedRegex("(?<!^)([A-Z])")]
    private static partial Regex Upper();

    [GeneratedRegex(@"^// ([^:.]+)[:.]")]
    private static partial Regex TitleText();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
