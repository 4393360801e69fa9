using Xenolith.Sdk.Linking;

namespace Xenolith.Sdk.Tests.Linking;

/// <summary>The C library's HLT, which in ring 0 would not stop a program, is replaced by an instruction that does; nothing else changes.</summary>
public sealed class HaltReplacementTests : IDisposable
{
    private const string Library = "/usr/lib/x86_64-linux-musl/libc.a";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Every_halt_of_the_C_library_is_replaced_and_no_other_byte()
    {
        string output = _directory.Combine("libc.a");
        int count = HaltReplacement.Apply(Library, output);
        Assert.True(count > 50, $"{count}");
        Assert.DoesNotContain("\thlt", Command.Require("objdump", ["--disassemble", "--no-show-raw-insn", output]).Output, StringComparison.Ordinal);

        byte[] before = File.ReadAllBytes(Library), after = File.ReadAllBytes(output);
        Assert.Equal(before.Length, after.Length);
        int[] changed = [.. Enumerable.Range(0, before.Length).Where(i => before[i] != after[i])];
        Assert.Equal(count, changed.Length);
        Assert.All(changed, i => Assert.Equal((0xF4, HaltReplacement.Stop), (before[i], after[i])));
    }

    [Fact]
    public void What_only_looks_like_a_halt_stays()
    {
        string library = MakeLibrary("f: mov $0xF4F4F4F4, %eax\nmov %esi, %esp\nhlt\nret\n.data\n.byte 0xF4, 0xF4", "g: ret\n.section .text.cold, \"ax\"\nnop\nhlt");
        string output = _directory.Combine("output.a");
        Assert.Equal(2, HaltReplacement.Apply(library, output));
        byte[] before = File.ReadAllBytes(library), after = File.ReadAllBytes(output);
        Assert.Equal(2, Enumerable.Range(0, before.Length).Count(i => before[i] != after[i]));
        string[] text = [.. Command.Require("objdump", ["--disassemble", "--no-show-raw-insn", output]).Output.Split('\n')];
        Assert.Contains(text, line => line.EndsWith("$0xf4f4f4f4,%eax", StringComparison.Ordinal));
        Assert.Contains(text, line => line.EndsWith("%esi,%esp", StringComparison.Ordinal));
        Assert.Equal(2, text.Count(line => line.Contains("(bad)", StringComparison.Ordinal)));
    }

    [Fact]
    public void Members_of_the_same_name_are_told_apart()
    {
        string first = MakeObject("one", "f: nop\nhlt"), second = Path.Combine(Directory.CreateDirectory(_directory.Combine("other")).FullName, "one.o");
        File.Move(MakeObject("two", "g: nop\nnop\nhlt\nnop"), second);
        string library = _directory.Combine("same.a"), output = _directory.Combine("output.a");
        Command.Require("ar", ["qcD", library, first, second]);
        Assert.Equal(2, HaltReplacement.Apply(library, output));
        Assert.DoesNotContain("\thlt", Command.Require("objdump", ["--disassemble", "--no-show-raw-insn", output]).Output, StringComparison.Ordinal);
    }

    private string MakeLibrary(params string[] sources)
    {
        string library = _directory.Combine("library.a");
        Command.Require("ar", ["rcD", library, .. sources.Select((source, i) => MakeObject($"member{i}", source))]);
        return library;
    }

    private string MakeObject(string name, string source)
    {
        string path = _directory.Combine($"{name}.o");
        Command.Require("as", ["-o", path, _directory.Write($"{name}.S", $".text\n{source}\n.section .note.GNU-stack, \"\", @progbits\n")]);
        return path;
    }
}
