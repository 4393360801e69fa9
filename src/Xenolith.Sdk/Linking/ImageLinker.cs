// Links program, runtime, C library and kernel into one image, in two passes: the first finds where the functions are, the second
// adds the table of their names. Nothing is left at the image's path unless the image has passed every check.

using System.Buffers.Binary;
using System.Text.RegularExpressions;
using Xenolith.Sdk.Content;
using Xenolith.Sdk.Elf;
using Xenolith.Sdk.OpenSsl;
using Xenolith.Sdk.Symbols;

namespace Xenolith.Sdk.Linking;

/// <summary>Links images.</summary>
public static partial class ImageLinker
{
    private const string Linker = "ld.bfd";
    private const string ObjectCopier = "objcopy";
    private const string Demangler = "c++filt";

    // What the collector calls at the start and end of a collection and of the pause for it: native/gc-trace.c comes in between.
    private static readonly string[] s_traced =
    [
        "_ZN15GCToEEInterface11GcStartWorkEii", "_ZN15GCToEEInterface6GcDoneEi", "_ZN15GCToEEInterface9SuspendEEE14SUSPEND_REASON", "_ZN15GCToEEInterface9RestartEEEb",
    ];

    /// <summary>Links an image as <paramref name="options"/> say. Equal inputs give equal images.</summary>
    /// <exception cref="ImageLinkException">It cannot be linked, or does not pass a check.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static void Link(ImageLinkOptions options)
    {
        CheckInputs(options);
        options = options with { Libraries = OpenSslLibraries.Resolve(options) };
        Directory.CreateDirectory(options.WorkDirectory);
        LibcImports.Require(
            options.Libraries.Where(options.IsRuntimeLibrary),
            [options.LibcShim, Path.Combine(options.MuslDirectory, "libc.a")],
            LibcImports.ParseList(File.ReadLines(options.LibcImports)));
        IReadOnlyList<string> libraries = ReplaceStrerror(options);
        HaltReplacement.Apply(Path.Combine(options.MuslDirectory, "libc.a"), StoppingLibc(options));

        string linked = Path.Combine(options.WorkDirectory, "linked.elf");
        string table = Path.Combine(options.WorkDirectory, "symbols.o");
        string content = Path.Combine(options.WorkDirectory, "content.o");
        WriteContent(content, options);
        IReadOnlyList<FunctionSymbol> functions = [];
        WriteSymbolTable(table, functions);
        if (options.Symbols != SymbolSelection.None)
        {
            RunLinker(options, libraries, [content, table], linked, "--strip-debug");
            functions = FunctionSymbols.Of(ElfFile.Read(linked), options.Symbols);
            WriteSymbolTable(table, Demangle(functions));
        }
        RunLinker(options, libraries, [content, table], linked);

        ElfFile result = ElfFile.Read(linked);
        if (!functions.SequenceEqual(FunctionSymbols.Of(result, options.Symbols)))
            throw new ImageLinkException("XEN1003", "Functions moved between the two passes of the link: the linker script must place the symbol table after all code.");
        ImageChecks.RequireKnownSections(result);
        Finish(options, linked);
    }

    private static void CheckInputs(ImageLinkOptions options)
    {
        if (!File.Exists(options.KernelObject))
            throw new ImageLinkException("XEN1004", $"There is no kernel object at {options.KernelObject}: build Xenolith.Kernel, or set XenolithKernelObject to its path.");
        if (!File.Exists(Path.Combine(options.MuslDirectory, "libc.a")))
            throw new ImageLinkException("XEN1005", $"The C library musl is not installed in {options.MuslDirectory}: run `apt-get install musl-dev`, or set XenolithMuslDirectory to the directory of its libc.a.");
    }

    /// <summary>Gives the runtime's library the glibc form of strerror_r under a name of its own, and leaves all other code musl's.</summary>
    private static List<string> ReplaceStrerror(ImageLinkOptions options)
    {
        const string Importer = "libSystem.Native.a";
        List<string> libraries = [.. options.Libraries];
        int index = libraries.FindIndex(l => Path.GetFileName(l) == Importer);
        if (index >= 0)
        {
            string replaced = Path.Combine(options.WorkDirectory, Importer);
            NativeTool.Require(ObjectCopier, ["--enable-deterministic-archives", "--redefine-sym", "strerror_r=xl_gnu_strerror_r", libraries[index], replaced]);
            libraries[index] = replaced;
        }
        return libraries;
    }

    private static string StoppingLibc(ImageLinkOptions options) => Path.Combine(options.WorkDirectory, "libc.a");

    private static void WriteSymbolTable(string path, IReadOnlyList<FunctionSymbol> functions) =>
        File.WriteAllBytes(path, ElfObjectWriter.WithReadOnlySection(".xl.symbols", SymbolTable.Encode(functions)));

    private static void WriteContent(string path, ImageLinkOptions options)
    {
        const int PageSize = 4096;
        byte[] archive;
        try
        {
            archive = ContentArchive.Encode(options.ProgramName, options.Content);
        }
        catch (ArgumentException e)
        {
            throw new ImageLinkException("XEN1018", e.Message.Split(" (Parameter")[0]);
        }
        File.WriteAllBytes(path, ElfObjectWriter.WithReadOnlySection(".xl.content", archive, PageSize));
    }

    private static List<FunctionSymbol> Demangle(IReadOnlyList<FunctionSymbol> functions)
    {
        string answer = NativeTool.Require(Demangler, [], string.Concat(functions.Select(f => f.Name + "\n")));
        string[] names = answer.TrimEnd('\n').Split('\n');
        return names.Length == functions.Count
            ? [.. functions.Zip(names, (function, name) => function with { Name = ManagedName.Shorten(name) })]
            : throw new ImageLinkException("XEN1002", $"{Demangler} answered {names.Length} names for {functions.Count}.");
    }

    private static void RunLinker(
        ImageLinkOptions options, IEnumerable<string> libraries, IEnumerable<string> data, string output, params ReadOnlySpan<string> extra)
    {
        string Musl(string file) => Path.Combine(options.MuslDirectory, file);
        string[] compilerLibrary = options.CompilerLibrary is { } library ? [library] : [];
        List<string> arguments =
        [
            "-static", "-nostdlib", "-T", options.LinkerScript, "-o", output,
            "-z", "max-page-size=4096", "--gc-sections", "--eh-frame-hdr", "--build-id=sha1", "--wrap=pthread_getattr_np", .. s_traced.Select(name => $"--wrap={name}"),
            Musl("crt1.o"), Musl("crti.o"), options.KernelObject, "-u", "xl_pvh_entry", options.ProgramObject,
            .. libraries,
            "--start-group", .. options.NativeLibraries, options.LibcShim, StoppingLibc(options), .. compilerLibrary, "--end-group", Musl("crtn.o"), .. data,
            .. extra,
            .. options.ExtraArguments,
        ];

        NativeTool.Result result = NativeTool.Run(Linker, arguments);
        if (result.ExitCode == 0)
            return;
        string[] missing = [.. UndefinedReference().Matches(result.Errors).Select(m => m.Groups[1].Value).Distinct().Order(StringComparer.Ordinal)];
        throw missing.Length != 0
            ? MissingSymbols.Explain(options, missing)
            : new ImageLinkException("XEN1002", $"{Linker} failed with code {result.ExitCode}: {result.Errors.Trim()}");
    }

    /// <summary>Splits the linked file into the stripped image and its symbol file, and moves both into place once the image is right.</summary>
    private static void Finish(ImageLinkOptions options, string linked)
    {
        string symbols = Path.Combine(options.WorkDirectory, Path.GetFileName(options.SymbolFile));
        string stripped = Path.Combine(options.WorkDirectory, "stripped.elf");
        NativeTool.Require(ObjectCopier, ["--only-keep-debug", linked, symbols]);
        NativeTool.Require(ObjectCopier, ["--strip-all", $"--add-gnu-debuglink={symbols}", linked, stripped]);

        byte[] image = File.ReadAllBytes(stripped);
        SetStackSize(image, options.StackSize);
        ImageChecks.RequireBootable(ElfFile.Parse(image));

        File.WriteAllBytes(stripped, image);
        MoveInto(symbols, options.SymbolFile);
        MoveInto(stripped, options.Image);
    }

    /// <summary>
    /// Writes the default size of a thread's stack where musl reads it at start, the size of the stack's segment; a linker script that
    /// names its segments cannot say it.
    /// </summary>
    private static void SetStackSize(byte[] image, int size)
    {
        const int ProgramHeaderSize = 56;
        const int MemorySizeOffset = 40;
        ElfFile elf = ElfFile.Parse(image);
        for (int i = 0; i < elf.Segments.Count; i++)
            if (elf.Segments[i].Type == ElfSegmentType.GnuStack)
                BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan((int)elf.ProgramHeaderOffset + i * ProgramHeaderSize + MemorySizeOffset), (ulong)size);
    }

    private static void MoveInto(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(to))!);
        File.Move(from, to, overwrite: true);
    }

    [GeneratedRegex(@"undefined reference to `([^']+)'")]
    private static partial Regex UndefinedReference();
}
