// What the program writes.
using System.Text;

namespace Conformance;

internal static class Output
{
    internal static void Properties()
    {
        Console.WriteLine($"redirected: input {Console.IsInputRedirected}, output {Console.IsOutputRedirected}, error {Console.IsErrorRedirected}");
        Console.WriteLine($"encoding: output {Console.OutputEncoding.WebName}, new line is LF {Environment.NewLine == "\n"}");
        try
        {
            Console.ReadKey();
        }
        catch (InvalidOperationException)
        {
            Console.WriteLine("a key from no keyboard: InvalidOperationException");
        }
        Console.Clear();
        Console.ForegroundColor = ConsoleColor.Red;
        Console.ResetColor();
        Console.Title = "title";
        Console.WriteLine("colours, title and clearing leave nothing behind");
    }

    internal static void Text()
    {
        Console.WriteLine("ASCII, Ünïcödé, ελληνικά, кириллица, 中文, עברית, हिन्दी, e\u0301, 🦄 👩‍👩‍👧, \u200b|, \ufffd");
        Console.WriteLine($"half a pair: [\ud83e] [{'\udd84'}]");
        // A pair that is written in halves arrives as one.
        Console.Out.Write('\ud83e');
        Console.Out.Write('\udd84');
        Console.WriteLine();
        Console.WriteLine("tab\there, quote\", backslash\\, bell \\a, NUL [\0]");
        Console.Write("{0} {1,5} {2:F2}\n", "formatted", 17, 1.005);
        Console.Out.NewLine = "|\n";
        Console.WriteLine("another line end");
        Console.Out.NewLine = "\n";
        using StreamWriter utf16 = new(Console.OpenStandardOutput(), new UnicodeEncoding(bigEndian: false, byteOrderMark: false), leaveOpen: true);
        utf16.Write("UTF-16 €");
        utf16.Flush();
        Console.WriteLine();
        TextWriter real = Console.Out;
        using StringWriter caught = new();
        Console.SetOut(caught);
        Console.Write("elsewhere");
        Console.SetOut(real);
        Console.WriteLine($"went {caught}");
    }

    internal static void Bytes()
    {
        using Stream output = Console.OpenStandardOutput();
        for (int i = 0; i < 256; i++)
            output.WriteByte((byte)i);
        output.Write("\n"u8);
        output.Write([]);
        output.Flush();
        Console.WriteLine($"can read {output.CanRead}, write {output.CanWrite}, seek {output.CanSeek}");
        Task.WaitAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 50; i++)
                Console.WriteLine("a line that several threads write");
        })).ToArray());
    }

    /// <summary>10 MB of lines, each different, and what they add up to.</summary>
    internal static void Much()
    {
        using Stream output = Console.OpenStandardOutput();
        byte[] block = new byte[64 * 1024];
        uint hash = 2166136261;
        long total = 0;
        int number = 0;
        while (total < 10_000_000)
        {
            int length = 0;
            while (length + 80 < block.Length)
            {
                int start = length;
                number++;
                length += Encoding.UTF8.GetBytes($"{number} {(number * 2654435761L) & 0xffffffff:x} äöü 中 ", block.AsSpan(length));
                while (length - start < 70)
                    block[length++] = (byte)('!' + number % 90);
                block[length++] = (byte)'\n';
            }
            foreach (byte b in block.AsSpan(0, length))
                hash = (hash ^ b) * 16777619;
            output.Write(block.AsSpan(0, length));
            total += length;
        }
        Console.WriteLine($"{total} bytes, {number} lines, hash {hash:x8}");
    }
}
