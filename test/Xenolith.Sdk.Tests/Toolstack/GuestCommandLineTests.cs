using System.Text;
using System.Text.RegularExpressions;
using Xenolith.Sdk.Toolstack;

namespace Xenolith.Sdk.Tests.Toolstack;

public class GuestCommandLineTests
{
    private static readonly Gen<string> Word = Gen.OneOf(
        Gen.String[Gen.Char[' ', '~'], 0, 12],
        OneOf.These("--", "A=b", "=", "x=", "\\", "\"", "\\\"", "a b", "", "-", "--memory", "é ü"));

    private static readonly Gen<string> Name = OneOf.These("A", "PATH_2", "_x", "lower");

    [Fact]
    public void A_program_gets_the_environment_and_arguments_that_were_given() =>
        Gen.Select(Gen.Select(Name, Word).Array[0, 3], Word.Array[0, 4]).Sample((environment, arguments) =>
        {
            string line = GuestCommandLine.Join(environment.Select(e => KeyValuePair.Create(e.Item1, e.Item2)), arguments);
            (List<string> variables, List<string> rest) = Split(line);
            return variables.SequenceEqual(environment.Select(e => $"{e.Item1}={e.Item2}")) && rest.SequenceEqual(arguments);
        });

    [Theory]
    [InlineData(new string[0], "")]
    [InlineData(new[] { "one", "two" }, "one two")]
    [InlineData(new[] { "a b", "" }, "\"a b\" \"\"")]
    [InlineData(new[] { "A=b" }, "-- A=b")]
    [InlineData(new[] { "x", "A=b", "--" }, "x A=b --")]
    [InlineData(new[] { "--" }, "-- --")]
    [InlineData(new[] { "say \"hi\\there\"" }, "\"say \\\"hi\\\\there\\\"\"")]
    public void Words_are_quoted_only_where_they_must_be(string[] arguments, string line) =>
        Assert.Equal(line, GuestCommandLine.Join([], arguments));

    [Fact]
    public void A_line_break_and_a_bad_name_are_refused()
    {
        Assert.Contains("line break", Assert.Throws<ArgumentException>(() => GuestCommandLine.Join([], ["a\nb"])).Message);
        Assert.Contains("2x", Assert.Throws<ArgumentException>(() => GuestCommandLine.Join([KeyValuePair.Create("2x", "")], [])).Message);
    }

    /// <summary>Splits a command line as the contract with the kernel says.</summary>
    private static (List<string> Environment, List<string> Arguments) Split(string line)
    {
        List<string> words = [];
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] == ' ')
                continue;
            StringBuilder word = new();
            bool quoted = false;
            for (; i < line.Length && (quoted || line[i] != ' '); i++)
            {
                if (line[i] == '"')
                    quoted = !quoted;
                else if (quoted && line[i] == '\\' && line[i + 1] is '"' or '\\')
                    word.Append(line[++i]);
                else
                    word.Append(line[i]);
            }
            words.Add(word.ToString());
        }
        int count = words.FindIndex(w => !Regex.IsMatch(w, "^[A-Za-z_][A-Za-z0-9_]*="));
        count = count < 0 ? words.Count : count;
        return (words[..count], words[(count < words.Count && words[count] == "--" ? count + 1 : count)..]);
    }
}
