using System.Text.RegularExpressions;

namespace Xenolith.Architecture.Tests;

/// <summary>Each system call is documented where it is served, and docs/system-calls.md is made from that.</summary>
public sealed partial class SystemCallTableTests
{
    private const string Path = "docs/system-calls.md", Variable = "XENOLITH_WRITE_DOCUMENTS";

    /// <summary>The command that writes the document anew.</summary>
    internal const string Remake = $"{Variable}=1 ./test.sh Architecture";

    [Fact]
    public void The_table_of_system_calls_is_what_the_sources_say()
    {
        string document = SystemCallTable.Document();
        if (Environment.GetEnvironmentVariable(Variable) == "1")
            File.WriteAllText(Repository.Absolute(Path), document);
        Assert.True(File.Exists(Repository.Absolute(Path)) && Repository.Read(Path) == document, $"{Path} is not what the kernel's comments say: {Remake}");
    }

    [Fact]
    public void Every_case_of_the_dispatcher_is_in_the_table_once()
    {
        int[] numbers = [.. SystemCallTable.Rows.Select(row => row.Number)];
        Assert.Equal(numbers.Distinct(), numbers);
        Assert.Equal(Constant().Count(Repository.Read("src/Xenolith.Kernel/Linux/Dispatcher.cs")), numbers.Length);
    }

    [Fact]
    public void Every_call_says_what_it_keeps_and_refuses() => Assert.All(SystemCallTable.Rows, row =>
    {
        foreach (string element in (string[])["summary", "kept", "refused", "errors"])
            Assert.True(row.Handler.Element(element) is not null, $"{row.Handler.Family}.{row.Handler.Name} has no <{element}>");
    });

    [Fact]
    public void Numbers_and_names_are_Linuxs()
    {
        // What the C library's own wrappers use: it is what images are linked with.
        Dictionary<string, int> linux = File.ReadLines("/usr/include/x86_64-linux-musl/bits/syscall.h")
            .Select(line => Definition().Match(line)).Where(match => match.Success)
            .ToDictionary(match => match.Groups[1].Value, match => int.Parse(match.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture));
        Assert.All(SystemCallTable.Rows, row => Assert.Equal(linux[row.Name], row.Number));
    }

    [Fact]
    public void Errors_have_Linuxs_numbers_and_each_that_a_call_returns_is_listed()
    {
        Dictionary<string, string> names = SystemCallTable.Errors.Where(pair => pair.Key != "RestartSystemCall").ToDictionary(pair => pair.Key, pair => SystemCallTable.ErrorNames[pair.Value]);
        Assert.All(SystemCallTable.Rows, row =>
        {
            string[] documented = [.. SystemCallTable.Documented(row.Handler)];
            Assert.Subset(SystemCallTable.ErrorNames.Values.ToHashSet(), documented.ToHashSet());
            string[] returned = [.. Returned().Matches(row.Handler.Body).Select(match => match.Groups[1].Value).Where(name => name != "RestartSystemCall").Select(name => names[name])];
            Assert.True(!returned.Except(documented).Any(), $"{row.Name} returns {string.Join(", ", returned.Except(documented))}, which its <errors> do not list");
        });
    }

    [GeneratedRegex(@"SystemCall\.[A-Z]\w+(?=:| or)")]
    private static partial Regex Constant();

    [GeneratedRegex(@"^#define __NR_(\w+)\s+(\d+)")]
    private static partial Regex Definition();

    [GeneratedRegex(@"(?<!== )-Errno\.(\w+)")]
    private static partial Regex Returned();
}
