// Splits the domain's command line into the program's environment and arguments, by a shell's rules for double quotes.
//
//   line         = [environment] ["--"] arguments        (words are separated by blanks)
//   environment  = words of the form NAME=value, NAME = [A-Za-z_][A-Za-z0-9_]*, up to the first other word
//   word         = pieces side by side: plain text, \c for the character c, "text" in which \" and \\ stand for " and \
//
// What a word is, is decided after its quotes are gone. A "--" among the arguments is an argument.
using System;

namespace Xenolith.Kernel.Boot;

internal enum CommandLineResult
{
    Done,

    /// <summary>A quote is opened and not closed.</summary>
    UnterminatedQuote,

    /// <summary>The line ends with a backslash that has nothing to escape.</summary>
    TrailingBackslash,

    /// <summary>There are more words than the caller has room for.</summary>
    TooManyWords,
}

/// <summary>What <see cref="CommandLine.Split"/> found.</summary>
internal struct CommandLineWords
{
    /// <summary>The first words, which are environment variables.</summary>
    internal int EnvironmentCount;

    /// <summary>The words after them.</summary>
    internal int ArgumentCount;

    /// <summary>Bytes of all words, the NUL behind each included.</summary>
    internal int TextLength;

    /// <summary>For an error: the offset in the line of the quote, backslash or word at fault.</summary>
    internal int ErrorPosition;
}

internal static class CommandLine
{
    /// <summary>Splits a line in place.</summary>
    /// <param name="text">
    /// The line and one byte more. Becomes the words, unquoted, each with a NUL behind it. Bytes above 127 are passed on as they are.
    /// </param>
    /// <param name="offsets">Receives the offset of each word in <paramref name="text"/>: environment first, then arguments.</param>
    /// <param name="words">How many there are of each; after an error only the position counts.</param>
    internal static CommandLineResult Split(Span<byte> text, Span<int> offsets, out CommandLineWords words)
    {
        words = default;
        bool inEnvironment = true;
        int length = text.Length - 1;
        int count = 0;
        // A word never takes more room than its source and the blank behind it, so what is written stays behind what is read.
        int write = 0;
        int read = 0;
        for (; ; )
        {
            while (read < length && IsBlank(text[read]))
                read++;
            if (read >= length)
            {
                words.ArgumentCount = count - words.EnvironmentCount;
                words.TextLength = write;
                return CommandLineResult.Done;
            }

            int source = read;
            int word = write;
            CommandLineResult result = ReadWord(text, length, ref read, ref write, ref words.ErrorPosition);
            if (result != CommandLineResult.Done)
                return result;

            if (inEnvironment)
            {
                if (write - word == 3 && text[word] == '-' && text[word + 1] == '-')
                {
                    inEnvironment = false;
                    write = word;
                    continue;
                }

                inEnvironment = IsAssignment(text, word);
                if (inEnvironment)
                    words.EnvironmentCount++;
            }

            if (count == offsets.Length)
            {
                words.ErrorPosition = source;
                return CommandLineResult.TooManyWords;
            }

            offsets[count++] = word;
        }
    }

    /// <summary>Moves one word, unquoted and with a NUL behind it, from the read position to the write position.</summary>
    private static CommandLineResult ReadWord(Span<byte> text, int length, ref int read, ref int write, ref int position)
    {
        bool quoted = false;
        for (; read < length && (quoted || !IsBlank(text[read])); read++)
        {
            byte current = text[read];
            if (current == '"')
            {
                quoted = !quoted;
                position = read;
                continue;
            }

            if (current == '\\' && !quoted && read + 1 == length)
            {
                position = read;
                return CommandLineResult.TrailingBackslash;
            }

            if (current == '\\' && read + 1 < length && (!quoted || text[read + 1] == '"' || text[read + 1] == '\\'))
                current = text[++read];
            text[write++] = current;
        }

        if (quoted)
            return CommandLineResult.UnterminatedQuote;
        // The blank is read before the NUL is written, which may take its place.
        read++;
        text[write++] = 0;
        return CommandLineResult.Done;
    }

    private static bool IsBlank(byte value) => value == ' ' || value == '\t' || value == '\n' || value == '\r';

    private static bool IsAssignment(Span<byte> text, int word)
    {
        for (int i = word; ; i++)
        {
            byte value = text[i];
            bool letter = value == '_' || (byte)((value | 0x20) - 'a') < 26;
            if (!letter && (i == word || (byte)(value - '0') >= 10))
                return i > word && value == '=';
        }
    }
}
