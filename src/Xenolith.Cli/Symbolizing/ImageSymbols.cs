using System.Text.RegularExpressions;
using Xenolith.Sdk.Elf;
using Xenolith.Sdk.Symbols;

namespace Xenolith.Cli.Symbolizing;

/// <summary>A place in an image's code.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Function">Where its function begins.</param>
internal readonly record struct CodePlace(ulong Address, ulong Function);

/// <summary>The functions of an image by name, and the file that knows their source lines.</summary>
internal sealed partial class ImageSymbols
{
    private const string TableSection = ".xl.symbols";
    private const string BuildIdOwner = "GNU";
    private const uint BuildIdType = 3;

    private readonly IReadOnlyList<FunctionSymbol> _functions;
    private readonly ILookup<string, int> _byName;
    private readonly Lazy<string[]> _plainNames;

    private ImageSymbols(string debugFile, string? buildId, IReadOnlyList<FunctionSymbol> functions)
    {
        DebugFile = debugFile;
        BuildId = buildId;
        _functions = functions;
        _byName = Enumerable.Range(0, functions.Count).ToLookup(i => functions[i].Name, StringComparer.Ordinal);
        _plainNames = new(() => [.. functions.Select(f => TypeArguments().Replace(f.Name, ""))]);
    }

    /// <summary>The path of the symbol file, with DWARF.</summary>
    internal string DebugFile { get; }

    /// <summary>The linker's build id in hexadecimal digits; null when the image has none.</summary>
    internal string? BuildId { get; }

    /// <summary>Reads an image and finds the symbol file beside it.</summary>
    /// <exception cref="CliException">One of them is not there, is something else, or they do not belong together.</exception>
    internal static ImageSymbols Read(string image)
    {
        ElfFile elf = ImageFile.Read(image);
        string debugFile = ImageFile.SymbolFileOf(image);
        try
        {
            string? id = BuildIdOf(elf);
            if (BuildIdOf(ElfFile.Read(debugFile)) != id)
                throw new CliException(ExitCode.WrongLog, $"{debugFile} is of another build than {image}: keep the two together");
            ElfSection? table = elf.Sections.FirstOrDefault(s => s.Name == TableSection);
            return new ImageSymbols(debugFile, id, table is null ? [] : SymbolTable.Decode(elf.Content(table).Span) ?? []);
        }
        catch (ElfFormatException problem)
        {
            throw new CliException(ExitCode.NotAnImage, $"{image} and its symbol file cannot be read: {problem.Message}");
        }
    }

    /// <summary>
    /// Where a place of a backtrace can be: the functions with this name that are long enough. Mostly one, but static functions of C may share a
    /// name.
    /// </summary>
    internal IEnumerable<CodePlace> Find(string function, ulong offset) => Places(_byName[function], offset);

    /// <summary>The same for a method as .NET writes it in the trace of an exception: the ahead-of-time compiler has changed the name.</summary>
    /// <param name="method">The method with its type and namespace, without parameters.</param>
    /// <param name="offset">How far into the method.</param>
    internal IEnumerable<CodePlace> FindMethod(string method, ulong offset)
    {
        // The name of a constructor begins with a dot itself.
        int dot = method.EndsWith(".ctor", StringComparison.Ordinal) || method.EndsWith(".cctor", StringComparison.Ordinal)
            ? method.LastIndexOf("..", StringComparison.Ordinal)
            : method.LastIndexOf('.');
        if (dot <= 0)
            return [];
        // Assembly_Namespace_Type__Method; the names of .NET's core library come without the assembly.
        string mangled = $"{Mangle(method[..dot])}__{Mangle(method[(dot + 1)..])}";
        bool IsIt(string name) => name.EndsWith(mangled, StringComparison.Ordinal) && (name.Length == mangled.Length || name[^(mangled.Length + 1)] == '_');
        return Places(Enumerable.Range(0, _functions.Count).Where(i => IsIt(_plainNames.Value[i]) || IsIt(WithoutNumber(_plainNames.Value[i]))), offset);
    }

    /// <summary>The place at an address, in the function that begins at or before it; the address itself where none is known.</summary>
    internal CodePlace PlaceAt(ulong address) => new(address, _functions.Select(f => f.Address).LastOrDefault(a => a <= address, address));

    private static string? BuildIdOf(ElfFile file) =>
        file.Notes().FirstOrDefault(n => n.Name == BuildIdOwner && n.Type == BuildIdType) is { } note ? Convert.ToHexStringLower(note.Description.Span) : null;

    private IEnumerable<CodePlace> Places(IEnumerable<int> functions, ulong offset) => functions
        .Where(i => i + 1 == _functions.Count || _functions[i].Address + offset < _functions[i + 1].Address)
        .Select(i => new CodePlace(_functions[i].Address + offset, _functions[i].Address));

    /// <summary>The name without what the compiler puts behind that of an overload.</summary>
    private static string WithoutNumber(string name) => OverloadNumber().Replace(name, "");

    private static string Mangle(string name) => NotInNames().Replace(MethodArguments().Replace(name, ""), "_");

    [GeneratedRegex(@"_\d+$")]
    private static partial Regex OverloadNumber();

    [GeneratedRegex(@"<[^<>]*(?:<[^<>]*(?:<[^<>]*>[^<>]*)*>[^<>]*)*>")]
    private static partial Regex TypeArguments();

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex MethodArguments();

    [GeneratedRegex(@"[^A-Za-z0-9_]")]
    private static partial Regex NotInNames();
}
