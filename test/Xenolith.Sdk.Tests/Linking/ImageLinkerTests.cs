using System.Buffers.Binary;
using Xenolith.Sdk.Elf;
using Xenolith.Sdk.Linking;
using Xenolith.Sdk.Symbols;
using Xenolith.Sdk.Tests.Publishing;

namespace Xenolith.Sdk.Tests.Linking;

/// <summary>Links the object of a published program again, with something changed.</summary>
[Collection(SampleProject.Collection)]
public sealed class ImageLinkerTests(SampleProject project) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(SymbolSelection.All, 1000)]
    [InlineData(SymbolSelection.Kernel, 3)]
    [InlineData(SymbolSelection.None, 0)]
    public void The_image_names_the_chosen_functions(SymbolSelection selection, int least)
    {
        ImageLinkOptions options = Options() with { Symbols = selection };
        ImageLinker.Link(options);

        IReadOnlyList<FunctionSymbol> table = Table(options.Image);
        Assert.InRange(table.Count, least, selection == SymbolSelection.All ? int.MaxValue : least);
        if (selection == SymbolSelection.All)
        {
            Assert.Contains(table, f => f.Name.StartsWith("WKS::gc_heap::", StringComparison.Ordinal)); // demangled
            Assert.All(table, f => Assert.InRange(f.Name.Length, 1, SymbolTable.LongestName));
        }
    }

    [Fact]
    public void Every_address_in_the_table_is_that_of_the_function_in_the_symbol_file()
    {
        ImageLinkOptions options = Options();
        ImageLinker.Link(options);

        ILookup<ulong, string> symbols = ElfFile.Read(options.SymbolFile).Symbols().ToLookup(s => s.Value, s => s.Name);
        Assert.All(Table(options.Image), f => Assert.True(symbols.Contains(f.Address), f.Name));
    }

    [Fact]
    public void A_threads_stack_has_the_asked_size()
    {
        ImageLinkOptions options = Options() with { StackSize = 3 << 20 };
        ImageLinker.Link(options);
        Assert.Equal(3ul << 20, ElfFile.Read(options.Image).Segments.Single(s => s.Type == ElfSegmentType.GnuStack).MemorySize);
    }

    [Fact]
    public void A_kernel_without_a_PVH_note_fails_the_build() =>
        Fails("XEN1012", "no PVH note", Options() with { KernelObject = Assemble(".section .xl.text, \"ax\"\n.globl xl_pvh_entry\n.type xl_pvh_entry, @function\nxl_pvh_entry: hlt\n") });

    [Fact]
    public void A_missing_function_is_named() =>
        Fails("XEN1006", "frobnicate", WithLibrary(".globl keep\n.text\nkeep: call frobnicate\n"));

    [Fact]
    public void A_section_that_has_no_place_in_the_image_is_named() =>
        Fails("XEN1007", ".mystery", WithLibrary(".section .mystery, \"aw\"\n.globl keep\nkeep: .quad 1\n"));

    [Fact]
    public void A_writable_and_executable_section_fails_the_build() =>
        Fails("XEN1007", ".jit", WithLibrary(".section .jit, \"awx\"\n.globl keep\nkeep: ret\n"));

    [Fact]
    public void A_function_of_the_C_library_that_nobody_reviewed_is_named()
    {
        string[] list = [.. File.ReadLines(Path.Combine(Repository.Sdk, "native", "libc-imports.txt")).Select(l => l.Replace("getcwd ", ""))];
        Fails("XEN1013", "getcwd", Options() with { LibcImports = _directory.Write("list.txt", string.Join('\n', list)) });
    }

    [Fact]
    public void Nothing_is_left_at_the_images_path_when_the_link_fails()
    {
        ImageLinkOptions options = WithLibrary(".globl keep\n.text\nkeep: call frobnicate\n");
        Assert.Throws<ImageLinkException>(() => ImageLinker.Link(options));
        Assert.False(File.Exists(options.Image));
    }

    [Fact]
    public void A_damaged_image_does_not_pass_as_bootable()
    {
        byte[] image = File.ReadAllBytes(project.Image);
        static void Refused(byte[] image, string code, Action<byte[]> damage)
        {
            byte[] damaged = [.. image];
            damage(damaged);
            Assert.Equal(code, Assert.Throws<ImageLinkException>(() => ImageChecks.RequireBootable(ElfFile.Parse(damaged))).Code);
        }

        const int First = 64, Second = 64 + 56, Third = 64 + 2 * 56; // program headers
        Refused(image, "XEN1008", i => i[16] = 3); // ET_DYN
        Refused(image, "XEN1009", i => i[Third + 4] = 7); // RWX
        Refused(image, "XEN1010", i => i[Second + 4] = 6);
        Refused(image, "XEN1010", i => BinaryPrimitives.WriteUInt64LittleEndian(i.AsSpan(First + 24), 0x400000)); // physical address
        Refused(image, "XEN1010", i => BinaryPrimitives.WriteUInt64LittleEndian(i.AsSpan(Third + 40), 1ul << 33)); // size in memory
        Refused(image, "XEN1011", i => BinaryPrimitives.WriteUInt64LittleEndian(i.AsSpan(24), 0x1000)); // entry
        Refused(image, "XEN1012", i => i.AsSpan().Replace((byte)'X', (byte)'Y'));
    }

    private static IReadOnlyList<FunctionSymbol> Table(string image)
    {
        ElfFile file = ElfFile.Read(image);
        return SymbolTable.Decode(file.Content(file.Sections.Single(s => s.Name == ".xl.symbols")).Span)!;
    }

    private static void Fails(string code, string word, ImageLinkOptions options)
    {
        ImageLinkException problem = Assert.Throws<ImageLinkException>(() => ImageLinker.Link(options));
        Assert.Equal(code, problem.Code);
        Assert.Contains(word, problem.Message);
    }

    private ImageLinkOptions Options()
    {
        string[] libraries = [.. File.ReadLines(Path.Combine(project.NativeDirectory, "xenolith", "options.txt")).Where(l => l.EndsWith(".a", StringComparison.Ordinal) || l.EndsWith(".o", StringComparison.Ordinal))];
        return new ImageLinkOptions
        {
            ProgramObject = Path.Combine(project.NativeDirectory, "A Sample.o"),
            Libraries = libraries,
            RuntimeDirectory = Path.GetDirectoryName(Path.GetFullPath(libraries[0]))!,
            KernelObject = project.Kernel,
            LibcShim = Path.Combine(Repository.Sdk, "bin", "xenolith-libc.o"),
            LinkerScript = Path.Combine(Repository.Sdk, "native", "xenolith.lds"),
            LibcImports = Path.Combine(Repository.Sdk, "native", "libc-imports.txt"),
            MuslDirectory = "/usr/lib/x86_64-linux-musl",
            WorkDirectory = _directory.Combine("work"),
            Image = _directory.Combine("out/image.xen"),
            SymbolFile = _directory.Combine("out/image.xen.debug"),
        };
    }

    /// <summary>The link with one more object, whose symbol `keep` is wanted.</summary>
    private ImageLinkOptions WithLibrary(string assembly)
    {
        ImageLinkOptions options = Options();
        return options with { Libraries = [Assemble(assembly), .. options.Libraries], ExtraArguments = ["-u", "keep"] };
    }

    private string Assemble(string text)
    {
        string path = _directory.Combine("extra.o");
        Command.Require("as", ["-o", path, _directory.Write("extra.S", text)]);
        return path;
    }
}
