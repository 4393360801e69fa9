using System.Text;
using CsCheck;
using Xenolith.Kernel.Boot;

namespace Xenolith.Kernel.Tests.Boot;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("   \t ", "")]
    [InlineData("one", "one")]
    [InlineData("  one   two\tthree\n", "one|two|three")]
    [InlineData("\"one two\" three", "one two|three")]
    [InlineData("one\\ two three", "one two|three")]
    [InlineData("a\"b c\"d\"\"e", "ab cde")]
    [InlineData("\"\"", "")]
    [InlineData("x \"\" y", "x||y")]
    [InlineData("\"a\\\"b\\\\c\\nd\"", "a\"b\\c\\nd")]
    [InlineData("\\\"a \\\\ \\n", "\"a|\\|n")]
    [InlineData("'a b'", "'a|b'")]
    [InlineData("$HOME *", "$HOME|*")]
    [InlineData("grüße \"日 本\"", "grüße|日 本")]
    public void Words_are_split_as_a_shell_splits_them_with_double_quotes(string line, string words)
    {
        Split split = Split.Of(line);
        Assert.Equal(CommandLineResult.Done, split.Result);
        Assert.Empty(split.Environment);
        string[] expected = line.Trim().Length == 0 ? [] : words.Split('|');
        Assert.Equal(expected, split.Arguments);
    }

    [Theory]
    [InlineData("A=1 B=2 run C=3", "A=1|B=2", "run|C=3")]
    [InlineData("A=1", "A=1", "")]
    [InlineData("A= _b9=x=y", "A=|_b9=x=y", "")]
    [InlineData("A=\"one two\" \"B=3 4\" x", "A=one two|B=3 4", "x")]
    [InlineData("A=1 -- B=2 -- C", "A=1", "B=2|--|C")]
    [InlineData("-- A=1", "", "A=1")]
    [InlineData("x -- A=1", "", "x|--|A=1")]
    [InlineData("\"--\" A=1", "", "A=1")]
    [InlineData("-- --", "", "--")]
    [InlineData("--", "", "")]
    [InlineData("=1", "", "=1")]
    [InlineData("9A=1", "", "9A=1")]
    [InlineData("A-B=1", "", "A-B=1")]
    [InlineData("ä=1", "", "ä=1")]
    [InlineData("A", "", "A")]
    [InlineData("\"\" A=1", "", "|A=1")]
    public void Leading_assignments_become_the_environment(string line, string environment, string arguments)
    {
        Split split = Split.Of(line);
        Assert.Equal(CommandLineResult.Done, split.Result);
        Assert.Equal(environment.Length == 0 ? [] : environment.Split('|'), split.Environment);
        Assert.Equal(arguments.Length == 0 ? [] : arguments.Split('|'), split.Arguments);
    }

    [Theory]
    [InlineData("a \"b c", 2)]
    [InlineData("\"", 0)]
    [InlineData("\"a\" \"b\\\"", 4)]
    [InlineData("a\"b\"c\"", 5)]
    [InlineData("\"a\\", 0)]
    public void A_quote_left_open_is_reported_where_it_was_opened(string line, int position)
    {
        Split split = Split.Of(line);
        Assert.Equal(CommandLineResult.UnterminatedQuote, split.Result);
        Assert.Equal(position, split.Position);
    }

    [Fact]
    public void A_backslash_at_the_end_is_reported()
    {
        Split split = Split.Of("ab c\\");
        Assert.Equal(CommandLineResult.TrailingBackslash, split.Result);
        Assert.Equal(4, split.Position);
    }

    [Fact]
    public void One_word_too_many_is_reported_by_its_position()
    {
        Assert.Equal(CommandLineResult.Done, Split.Of("a  b -- c ", limit: 4).Result);
        Split split = Split.Of("a  b \"c\" d", limit: 2);
        Assert.Equal(CommandLineResult.TooManyWords, split.Result);
        Assert.Equal(5, split.Position);
        // The word that ends the environment takes no place.
        Assert.Equal(CommandLineResult.Done, Split.Of("A=1 --", limit: 1).Result);
    }

    [Fact]
    public void Any_words_come_back_from_any_way_of_quoting_them()
    {
        Gen<byte> character = Gen.OneOf(Gen.OneOf<byte>((byte)' ', (byte)'"', (byte)'\\', (byte)'-', (byte)'=', (byte)'A', (byte)'\t'), Gen.Byte[1, 255]);
        Gen<byte[]> word = character.Array[0, 8];
        Gen.Select(word.Array[0, 8], Gen.Int).Sample((words, seed) =>
        {
            var random = new Random(seed);
            List<byte> line = [.. "-- "u8];
            foreach (byte[] w in words)
            {
                Quote(line, w, random);
                line.AddRange(random.Next(2) == 0 ? " "u8 : "\t \n"u8);
            }

            Split split = Split.Of([.. line], words.Length);
            Assert.Equal(CommandLineResult.Done, split.Result);
            Assert.Equal(words, split.RawArguments);
        }, iter: 20_000);
    }

    [Fact]
    public void No_line_whatever_makes_it_read_or_write_beyond_the_line()
    {
        Gen<byte> character = Gen.OneOf(Gen.OneOf<byte>((byte)' ', (byte)'"', (byte)'\\', (byte)'-', (byte)'=', (byte)'A'), Gen.Byte[1, 255]);
        character.Array[0, 40].Sample(line =>
        {
            // Spans are checked: a step too far throws.
            Split split = Split.Of(line, 6);
            Assert.InRange(split.Position, 0, Math.Max(0, line.Length - 1));
        }, iter: 20_000);
    }

    /// <summary>Writes a word in a way chosen at random: each byte plain, escaped, or within quotes.</summary>
    private static void Quote(List<byte> line, byte[] word, Random random)
    {
        bool quoted = word.Length == 0;
        if (quoted)
            line.Add((byte)'"');
        foreach (byte b in word)
        {
            if (random.Next(3) == 0)
            {
                line.Add((byte)'"');
                quoted = !quoted;
            }

            bool special = b is (byte)'"' or (byte)'\\' || (!quoted && b is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r');
            bool escapable = !quoted || b is (byte)'"' or (byte)'\\';
            if (special && escapable || (escapable && random.Next(4) == 0))
                line.Add((byte)'\\');
            line.Add(b);
        }

        if (quoted)
            line.Add((byte)'"');
    }

    private sealed class Split
    {
        public CommandLineResult Result { get; private init; }

        public int Position { get; private init; }

        public List<string> Environment { get; } = [];

        public List<string> Arguments { get; } = [];

        public List<byte[]> RawArguments { get; } = [];

        public static Split Of(string line, int limit = 32) => Of(Encoding.UTF8.GetBytes(line), limit);

        public static Split Of(byte[] line, int limit)
        {
            byte[] text = [.. line, 0];
            int[] offsets = new int[limit];
            CommandLineResult result = CommandLine.Split(text, offsets, out CommandLineWords words);
            var split = new Split { Result = result, Position = words.ErrorPosition };
            if (result != CommandLineResult.Done)
                return split;
            int end = 0;
            for (int i = 0; i < words.EnvironmentCount + words.ArgumentCount; i++)
            {
                Assert.Equal(end, offsets[i]);
                byte[] word = text[offsets[i]..Array.IndexOf(text, (byte)0, offsets[i])];
                end += word.Length + 1;
                (i < words.EnvironmentCount ? split.Environment : split.Arguments).Add(Encoding.UTF8.GetString(word));
                if (i >= words.EnvironmentCount)
                    split.RawArguments.Add(word);
            }

            Assert.Equal(end, words.TextLength);

            return split;
        }
    }
}
