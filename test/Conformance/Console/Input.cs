// What the program is told, by lines, characters and bytes.
namespace Conformance;

internal static class Input
{
    /// <summary>Reads until a line "end".</summary>
    internal static void Read()
    {
        Console.WriteLine($"input encoding {Console.InputEncoding.WebName}");
        Console.WriteLine("ready");
        Console.WriteLine($"first [{Console.ReadLine()}]");
        Console.WriteLine($"a character, U+{Console.Read():X4}, then [{Console.In.ReadLine()}]");
        Console.WriteLine($"awaited [{Console.In.ReadLineAsync().Result}]");
        int lines = 0, characters = 0;
        while (Console.ReadLine() is { } line && line != "end")
        {
            lines++;
            characters += line.Length;
            if (lines <= 5)
                Console.WriteLine($"got [{line}]");
        }
        Console.WriteLine($"{lines} lines, {characters} characters");
    }
}
