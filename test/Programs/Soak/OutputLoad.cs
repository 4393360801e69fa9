namespace Soak;

/// <summary>Lines on the console, numbered, each with what shows that it is whole; who reads them sees whether one is missing.</summary>
internal sealed class OutputLoad() : Load("output")
{
    protected override void Work(Random random)
    {
        string text = $"{Operations} {new string((char)('a' + random.Next(26)), random.Next(120))}";
        Console.WriteLine($"out {text} {Checksum.Of(text):x8}");
        Pause(40);
    }
}
