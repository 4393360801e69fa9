using Xenolith.Sdk.Elf;
using Xenolith.Sdk.Symbols;

namespace Xenolith.Sdk.Tests;

/// <summary>A small unstripped image, linked by the SDK's linker script from the stub kernel and a program that only exits.</summary>
internal static class SmallImage
{
    private const string Program = """
                .text
                .globl _start
                .type _start, @function
        _start: mov     $60, %eax
                mov     $7, %edi
                syscall
                .size _start, . - _start
                .section .note.GNU-stack, "", @progbits
        """;

    private static readonly Lazy<byte[]> Linked = new(() => Link(Program, []));

    /// <summary>The image's bytes, which nobody may change.</summary>
    internal static byte[] Bytes => Linked.Value;

    /// <summary>Links another program in assembly with the stub kernel and a symbol table.</summary>
    internal static byte[] Link(string program, IReadOnlyList<FunctionSymbol> symbols)
    {
        using TemporaryDirectory directory = new();
        Command.Require("as", ["-o", directory.Combine("program.o"), directory.Write("program.S", program)]);
        Command.Require("as", ["-o", directory.Combine("kernel.o"), Repository.Native("kernel-stub.S")]);
        File.WriteAllBytes(directory.Combine("symbols.o"), ElfObjectWriter.WithReadOnlySection(".xl.symbols", SymbolTable.Encode(symbols)));
        Command.Require("ld.bfd", ["-static", "-nostdlib", "-z", "max-page-size=4096", "-T", Path.Combine(Repository.Sdk, "native", "xenolith.lds"),
            "-o", directory.Combine("image"), directory.Combine("kernel.o"), directory.Combine("program.o"), directory.Combine("symbols.o")]);
        return File.ReadAllBytes(directory.Combine("image"));
    }
}
