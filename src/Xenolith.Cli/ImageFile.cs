using Xenolith.Cli.Building;
using Xenolith.Sdk.Elf;
using Xenolith.Sdk.Linking;

namespace Xenolith.Cli;

/// <summary>Reads images that a user names.</summary>
internal static class ImageFile
{
    /// <summary>
    /// The full path of the image that a user names: as a file, or as the project that it is built of, which is done first if need be.
    /// </summary>
    /// <exception cref="CliException">There is none, or it cannot be built.</exception>
    internal static async Task<string> OfAsync(string target, CancellationToken cancellation)
    {
        if (!File.Exists(target) || ProjectFile.IsProjectPath(target))
            return await ProjectBuilder.BuildAsync(ProjectFile.Find(target), output: null, cancellation).ConfigureAwait(false);
        RequireBootable(target);
        return Path.GetFullPath(target);
    }

    /// <summary>Reads an ELF file.</summary>
    /// <exception cref="CliException">It is not there, or is no ELF file.</exception>
    internal static ElfFile Read(string path)
    {
        if (Directory.Exists(path))
            throw new CliException(ExitCode.NotFound, $"{path} is a folder, not an image");
        if (!File.Exists(path))
            throw new CliException(ExitCode.NotFound, $"there is no file {path}");
        try
        {
            return ElfFile.Read(path);
        }
        catch (ElfFormatException problem)
        {
            throw new CliException(ExitCode.NotAnImage, $"{problem.Message}. Give an image (.xen) or a project.");
        }
    }

    /// <summary>The path of the symbol file that belongs beside an image.</summary>
    /// <exception cref="CliException">It is not there.</exception>
    internal static string SymbolFileOf(string image)
    {
        string path = image + ".debug";
        return File.Exists(path)
            ? path
            : throw new CliException(ExitCode.NotFound, $"there is no symbol file {path}: publishing leaves it beside the image, and it must be of the same build");
    }

    /// <summary>The address of a symbol of an image, from the symbol file beside it.</summary>
    /// <exception cref="CliException">The file is not there, or has no such symbol.</exception>
    internal static ulong AddressOf(string image, string symbol)
    {
        string file = SymbolFileOf(image);
        return Read(file).Symbols().Where(s => s.Name == symbol && !s.IsUndefined).Select(s => (ulong?)s.Value).FirstOrDefault()
            ?? throw new CliException(ExitCode.NotAnImage, $"{file} has no symbol {symbol}: is it an image of this tool's?");
    }

    /// <summary>Requires that Xen can start a file.</summary>
    /// <exception cref="CliException">It cannot; the message says why.</exception>
    internal static void RequireBootable(string path)
    {
        try
        {
            ImageChecks.RequireBootable(Read(path));
        }
        catch (Exception problem) when (problem is ImageLinkException or ElfFormatException)
        {
            throw new CliException(ExitCode.NotAnImage, $"{path} is not an image that Xen can start: {problem.Message}");
        }
    }
}
