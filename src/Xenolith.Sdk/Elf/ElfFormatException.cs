namespace Xenolith.Sdk.Elf;

/// <summary>A file is not the 64-bit little-endian x86-64 ELF file that it was taken for, or it is damaged. The message says where.</summary>
public sealed class ElfFormatException : Exception
{
    /// <summary>Creates the exception with a message for the user.</summary>
    public ElfFormatException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message for the user and its cause.</summary>
    public ElfFormatException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
