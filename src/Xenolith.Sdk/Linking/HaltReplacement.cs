// musl ends a program whose memory is damaged (stack protector, heap, its own checks) by HLT, which Linux forbids a process. In ring 0 it
// is allowed: the CPU would wait for the next event and then run on, past the check. An instruction that is invalid everywhere takes its place.

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Xenolith.Sdk.Elf;

namespace Xenolith.Sdk.Linking;

/// <summary>Replaces the instruction by which the C library stops a program.</summary>
public static partial class HaltReplacement
{
    private const string Disassembler = "objdump";
    private const byte Halt = 0xF4;

    /// <summary>
    /// PUSH CS, which 64-bit mode does not have (Intel SDM volume 2, appendix A.3): an invalid opcode of one byte. The kernel knows it by this
    /// number (<c>Threads/Ending.cs</c>), and as a Linux process the program ends by SIGILL.
    /// </summary>
    public const byte Stop = 0x0E;

    /// <summary>Writes a copy of a static library in which every HLT is <see cref="Stop"/>.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="ImageLinkException">The disassembler is missing, or tells of instructions that are not there.</exception>
    /// <exception cref="ElfFormatException">The library is damaged.</exception>
    public static int Apply(string library, string output)
    {
        byte[] bytes = File.ReadAllBytes(library);
        List<(int Offset, ElfFile File)> members = [.. ArchiveReader.Members(bytes).Select(m => (OffsetOf(m), ElfFile.Parse(m)))];

        int member = -1, count = 0;
        string section = "";
        foreach (string line in NativeTool.Require(Disassembler, ["--disassemble", "--no-show-raw-insn", "--wide", library]).Split('\n'))
        {
            if (line.Contains(":     file format ", StringComparison.Ordinal))
                member++;
            else if (SectionLine().Match(line) is { Success: true } name)
                section = name.Groups[1].Value;
            else if (HaltLine().Match(line) is { Success: true } place)
            {
                Replace(bytes, member < members.Count ? members[member] : default, section, int.Parse(place.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture), library);
                count++;
            }
        }
        File.WriteAllBytes(output, bytes);
        return count;
    }

    private static void Replace(byte[] library, (int Offset, ElfFile? File) member, string section, int place, string path)
    {
        ElfSection[] sections = [.. member.File?.Sections.Where(s => s.Name == section) ?? []];
        long at = sections.Length == 1 ? member.Offset + (long)sections[0].Offset + place : -1;
        if (at < 0 || (ulong)place >= sections[0].Size || at >= library.Length || library[at] != Halt)
            throw new ImageLinkException("XEN1002", $"{Disassembler} names an instruction in {section} of {path} that is not there.");
        library[at] = Stop;
    }

    /// <summary>Where a member begins in the library, whose memory it is a part of.</summary>
    private static int OffsetOf(ReadOnlyMemory<byte> member) => MemoryMarshal.TryGetArray(member, out ArraySegment<byte> part) ? part.Offset : throw new ArgumentException("not of an array", nameof(member));

    [GeneratedRegex(@"^Disassembly of section (\S+):$")]
    private static partial Regex SectionLine();

    [GeneratedRegex(@"^\s*([0-9a-f]+):\s+hlt\s*$")]
    private static partial Regex HaltLine();
}
