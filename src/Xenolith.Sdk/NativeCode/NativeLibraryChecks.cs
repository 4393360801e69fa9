// What a native library must be to go into an image. The linker would take much of what is refused here, and the program would then
// fail at run time, or its message would name a symbol that no user has ever seen.

using System.Text;
using Xenolith.Sdk.Elf;
using Xenolith.Sdk.Linking;

namespace Xenolith.Sdk.NativeCode;

/// <summary>Checks on the static libraries and objects that a user brings.</summary>
public static class NativeLibraryChecks
{
    private const int MostNames = 12;

    /// <summary>Names that the headers of glibc make of others, and those of musl never; all of those that end in <c>_chk</c> besides.</summary>
    private static readonly HashSet<string> GlibcNames = new(StringComparer.Ordinal)
    {
        "__ctype_b_loc", "__ctype_tolower_loc", "__ctype_toupper_loc", "__fxstat", "__lxstat", "__xstat", "__xmknod", "__xmknodat", "__rawmemchr",
        "__secure_getenv", "__sigsetjmp", "__strdup", "__strtok_r", "__xpg_strerror_r", "_IO_getc", "_IO_putc",
    };

    private static ReadOnlySpan<byte> ThinArchive => "!<thin>\n"u8;

    /// <summary>Requires that a file can be linked into an image: an object or a static library of objects, for x86-64, compiled for musl.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offered">Every symbol of the image's C library.</param>
    /// <exception cref="ImageLinkException">It cannot; the message says why and what to do.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static void Require(string path, IReadOnlySet<string> offered)
    {
        if (!File.Exists(path))
            throw new ImageLinkException("XEN1030", $"There is no native library {path}: build it first, or correct the XenolithNativeLibrary item.");
        byte[] bytes = File.ReadAllBytes(path);
        if (bytes.AsSpan().StartsWith(ThinArchive))
            throw new ImageLinkException("XEN1031", $"{path} is a thin archive, which only names its objects: make it without ar's option T.");

        HashSet<string> own = new(StringComparer.Ordinal), wanted = new(StringComparer.Ordinal);
        int objects = 0;
        foreach (ElfFile file in Objects(path, bytes))
        {
            if (file.Type != ElfFileType.Relocatable)
                throw new ImageLinkException("XEN1031", $"{path} is a {(file.Type == ElfFileType.Dynamic ? "shared library" : "program")}, not a static library: an image has no dynamic loader. Make an archive of its objects: `ar rcs libNAME.a *.o`.");
            foreach (ElfSymbol symbol in file.Symbols())
            {
                if (symbol.Name == "__gnu_lto_slim")
                    throw new ImageLinkException("XEN1031", $"{path} has no machine code, but what a compiler keeps for link-time optimisation: compile it without -flto, or with -ffat-lto-objects.");
                if (symbol.Binding != ElfSymbolBinding.Local)
                    (symbol.IsUndefined ? wanted : own).Add(symbol.Name);
            }
            objects++;
        }
        if (objects == 0)
            throw new ImageLinkException("XEN1031", $"The native library {path} is empty.");

        wanted.ExceptWith(own);
        string[] foreign = [.. wanted.Where(name => IsOfGlibc(name, offered)).Order(StringComparer.Ordinal)];
        if (foreign.Length != 0)
            throw new ImageLinkException("XEN1033", $"{path} was compiled for glibc: it refers to {List(foreign)}. The C library of an image is musl: compile it with the flags of `pkg-config --cflags {PkgConfigFile.Package}`.");
    }

    /// <summary>Names for a message, not too many.</summary>
    internal static string List(IReadOnlyList<string> names) => names.Count <= MostNames
        ? string.Join(", ", names)
        : $"{string.Join(", ", names.Take(MostNames))} and {names.Count - MostNames} more";

    private static IEnumerable<ElfFile> Objects(string path, byte[] bytes)
    {
        IEnumerable<ReadOnlyMemory<byte>> members = ArchiveReader.IsArchive(bytes) ? Members(path, bytes) : [bytes];
        foreach (ReadOnlyMemory<byte> member in members)
            yield return Parse(path, member);
    }

    private static IReadOnlyList<ReadOnlyMemory<byte>> Members(string path, byte[] bytes)
    {
        try
        {
            return [.. ArchiveReader.Members(bytes)];
        }
        catch (ElfFormatException problem)
        {
            throw new ImageLinkException("XEN1031", $"{path} is damaged: {problem.Message}.");
        }
    }

    private static ElfFile Parse(string path, ReadOnlyMemory<byte> bytes)
    {
        const int MachineOffset = 18;
        ReadOnlySpan<byte> start = bytes.Span[..Math.Min(bytes.Length, MachineOffset + 2)];
        if (start.Length < MachineOffset + 2 || !start.StartsWith("\u007fELF"u8))
            throw new ImageLinkException("XEN1031", $"{path} is neither a static library of ELF objects nor an ELF object{(start.StartsWith("BC"u8) ? ": it has LLVM's bitcode; compile it without -flto" : "")}.");
        if (start[4] != 2 || start[5] != 1 || start[MachineOffset] != 62 || start[MachineOffset + 1] != 0)
            throw new ImageLinkException("XEN1032", $"{path} was compiled for another processor ({Processor(start)}): images are for x86-64 (compile it without -m32 or -mx32).");
        try
        {
            ElfFile file = ElfFile.Parse(bytes);
            _ = file.Symbols().Count(); // each is read here, where a damaged one gets the file's name
            return file;
        }
        catch (ElfFormatException problem)
        {
            throw new ImageLinkException("XEN1031", $"{path} is damaged: {problem.Message}.");
        }
    }

    private static string Processor(ReadOnlySpan<byte> header) => (header[4], header[18]) switch
    {
        (1, 3) => "32-bit x86",
        (1, 62) => "x86-64 with 32-bit pointers",
        (_, 40) => "32-bit Arm",
        (_, 183) => "64-bit Arm",
        (_, 243) => "RISC-V",
        _ => new StringBuilder("ELF machine ").Append(header[19] << 8 | header[18]).ToString(),
    };

    private static bool IsOfGlibc(string name, IReadOnlySet<string> offered) =>
        GlibcNames.Contains(name)
        || name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("_chk", StringComparison.Ordinal)
        || name.StartsWith("__isoc99_", StringComparison.Ordinal) || name.StartsWith("__isoc23_", StringComparison.Ordinal)
        // With large files glibc's headers turn open into open64; musl's do the opposite.
        || name.EndsWith("64", StringComparison.Ordinal) && offered.Contains(name) && offered.Contains(name[..^2]);
}
