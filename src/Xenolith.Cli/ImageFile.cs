using Xenolith.Sdk.Elf;
using Xenolith.Sdk.Linking;

namespace Xenolith.Cli;

/// <summary>Reads images that a user names.</summary>
internal static class ImageFile
{
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
