// The values of the System V ABI's ELF format (gABI chapters 4 and 5, x86-64 psABI) that images and objects use here.

namespace Xenolith.Sdk.Elf;

/// <summary>What kind of file it is (<c>e_type</c>).</summary>
public enum ElfFileType : ushort
{
    /// <summary>No file type.</summary>
    None = 0,

    /// <summary>A relocatable object.</summary>
    Relocatable = 1,

    /// <summary>An executable linked at a fixed address.</summary>
    Executable = 2,

    /// <summary>A shared object or position-independent executable.</summary>
    Dynamic = 3,
}

/// <summary>What a program header describes (<c>p_type</c>).</summary>
public enum ElfSegmentType : uint
{
    /// <summary>Unused entry.</summary>
    Null = 0,

    /// <summary>Bytes to load into memory.</summary>
    Load = 1,

    /// <summary>Dynamic linking information.</summary>
    Dynamic = 2,

    /// <summary>The path of a program interpreter.</summary>
    Interpreter = 3,

    /// <summary>Notes.</summary>
    Note = 4,

    /// <summary>The program headers themselves.</summary>
    ProgramHeaders = 6,

    /// <summary>The template of thread-local storage.</summary>
    ThreadLocalStorage = 7,

    /// <summary>The index of the unwind tables (<c>.eh_frame_hdr</c>).</summary>
    GnuEhFrame = 0x6474e550,

    /// <summary>Whether stacks are executable, and the default size of a thread's stack.</summary>
    GnuStack = 0x6474e551,

    /// <summary>What a dynamic loader makes read-only after relocation.</summary>
    GnuRelro = 0x6474e552,
}

/// <summary>Permissions of a segment (<c>p_flags</c>).</summary>
[Flags]
public enum ElfSegmentFlags : uint
{
    /// <summary>No access.</summary>
    None = 0,

    /// <summary>May be executed.</summary>
    Execute = 1,

    /// <summary>May be written.</summary>
    Write = 2,

    /// <summary>May be read.</summary>
    Read = 4,
}

/// <summary>What a section holds (<c>sh_type</c>); only those that matter here are named.</summary>
public enum ElfSectionType : uint
{
    /// <summary>Unused entry.</summary>
    Null = 0,

    /// <summary>Bytes of the program.</summary>
    ProgramBits = 1,

    /// <summary>The symbol table.</summary>
    SymbolTable = 2,

    /// <summary>Strings.</summary>
    StringTable = 3,

    /// <summary>Notes.</summary>
    Note = 7,

    /// <summary>Zeroes that take no space in the file.</summary>
    NoBits = 8,
}

/// <summary>Attributes of a section (<c>sh_flags</c>); only those that matter here are named.</summary>
[Flags]
public enum ElfSectionFlags : ulong
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>May be written at run time.</summary>
    Write = 1,

    /// <summary>Is in memory at run time.</summary>
    Allocate = 2,

    /// <summary>Holds instructions.</summary>
    Execute = 4,
}

/// <summary>How far a symbol is seen (<c>ELF64_ST_BIND</c>).</summary>
public enum ElfSymbolBinding : byte
{
    /// <summary>In its object only.</summary>
    Local = 0,

    /// <summary>In the whole link.</summary>
    Global = 1,

    /// <summary>In the whole link, and may be replaced or absent.</summary>
    Weak = 2,
}

/// <summary>What a symbol names (<c>ELF64_ST_TYPE</c>).</summary>
public enum ElfSymbolType : byte
{
    /// <summary>Not said, as for a plain assembler label.</summary>
    None = 0,

    /// <summary>A variable.</summary>
    Object = 1,

    /// <summary>A function.</summary>
    Function = 2,

    /// <summary>A section.</summary>
    Section = 3,

    /// <summary>A source file.</summary>
    File = 4,

    /// <summary>An uninitialised common block.</summary>
    Common = 5,

    /// <summary>A thread-local variable.</summary>
    ThreadLocal = 6,
}
