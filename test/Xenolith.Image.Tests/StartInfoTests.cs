using System.Buffers.Binary;
using Xenolith.Sdk.Elf;
using Xenolith.Sdk.Linking;

namespace Xenolith.Image.Tests;

/// <summary>
/// A domain that was handed nonsense does not start. The nonsense is made by a few instructions put in front of the kernel: they change what
/// the domain builder left (Xen: arch-x86/hvm/start_info.h) and go on to the kernel's entry.
/// </summary>
public sealed class StartInfoTests(ImageBed bed)
{
    // Offsets in hvm_start_info, to which ebx points at the entry.
    private const byte Magic = 0, Version = 4, ModuleCount = 12, ModuleList = 16, CommandLine = 24, MemoryMap = 40, MemoryMapEntries = 48;

    [Fact]
    public async Task Without_its_magic_number_it_is_refused() =>
        Assert.Equal("the start info is corrupt (no magic number): was this domain started with type=\"pvh\"?", await RefusalAsync(Set(Magic, 0)));

    [Fact]
    public async Task A_pointer_to_nowhere_is_refused() =>
        Assert.StartsWith("the start info is corrupt (no magic number)", await RefusalAsync([0xbb, 0xf0, 0xff, 0xff, 0xff])); // mov ebx, 0xfffffff0

    [Fact]
    public async Task An_old_version_is_refused() =>
        Assert.Equal("the start info has no memory map (version 0): Xen 4.11 or newer is needed", await RefusalAsync(Set(Version, 0)));

    [Theory]
    [InlineData(MemoryMapEntries, 0u)]
    [InlineData(MemoryMapEntries, 33u)]
    [InlineData(MemoryMap, 0u)]
    [InlineData(MemoryMap, 0x7fff_f000u)]
    public async Task A_memory_map_that_cannot_be_is_refused(byte field, uint value) =>
        Assert.Equal("the start info is corrupt (memory map)", await RefusalAsync(Set(field, value)));

    [Fact]
    public async Task A_memory_range_that_wraps_is_refused() =>
        // mov eax, [ebx + MemoryMap]; mov dword [eax], 0xfffff000; mov dword [eax + 4], 0xffffffff; mov dword [eax + 12], 1
        Assert.Equal("the start info is corrupt (a memory range wraps)", await RefusalAsync([
            0x8b, 0x43, MemoryMap, 0xc7, 0x00, 0x00, 0xf0, 0xff, 0xff, 0xc7, 0x40, 0x04, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x40, 0x0c, 0x01, 0x00, 0x00, 0x00]));

    [Theory]
    [InlineData(ModuleCount, 1000u)]
    [InlineData(ModuleList, 0x7fff_f000u, ModuleCount, 1u)]
    public async Task A_module_list_that_cannot_be_is_refused(byte field, uint value, byte second = Magic, uint secondValue = 0) =>
        Assert.Equal("the start info is corrupt (module list)", await RefusalAsync(second == Magic ? Set(field, value) : [.. Set(field, value), .. Set(second, secondValue)]));

    [Fact]
    public async Task A_command_line_out_of_reach_is_refused() =>
        Assert.Equal("the start info is corrupt (command line)", await RefusalAsync(Set(CommandLine, 0x7fff_f000)));

    [Fact]
    public async Task A_command_line_that_is_too_long_is_refused() =>
        // mov edi, 16 MiB; mov ecx, 5000; mov al, 'a'; rep stosb
        Assert.Equal("the command line is longer than 4095 bytes", await RefusalAsync([
            0xbf, 0x00, 0x00, 0x00, 0x01, 0xb9, 0x88, 0x13, 0x00, 0x00, 0xb0, (byte)'a', 0xf3, 0xaa, .. Set(CommandLine, 16 << 20)]));

    /// <summary>mov dword [ebx + field], value</summary>
    private static byte[] Set(byte field, uint value)
    {
        byte[] instruction = [0xc7, 0x43, field, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32LittleEndian(instruction.AsSpan(3), value);
        return instruction;
    }

    /// <summary>
    /// Starts Hello behind the given instructions (32-bit code; all registers but ebx are free) and returns the reason of its refusal.
    /// </summary>
    private async Task<string> RefusalAsync(byte[] instructions)
    {
        string image = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(image, WithPrelude(File.ReadAllBytes(Images.Hello), instructions));
            ImageRun run = (await bed.RunAsync(image)).RequireCrash();
            const string start = "xenolith: cannot start: ";
            Assert.StartsWith(start, run.Output);
            Assert.Single(run.Lines);
            return run.Lines[0][start.Length..];
        }
        finally
        {
            File.Delete(image);
        }
    }

    /// <summary>Overwrites the program's first instructions, which are not reached, and has the entry note lead there.</summary>
    private static byte[] WithPrelude(byte[] image, byte[] instructions)
    {
        ElfFile elf = ElfFile.Parse(image);
        uint entry = Assert.NotNull(ImageChecks.PvhEntry(elf));
        uint prelude = (uint)elf.Entry;
        ElfSegment code = elf.Segments.Single(s => s.Type == ElfSegmentType.Load && s.Flags.HasFlag(ElfSegmentFlags.Execute));

        byte[] jump = [0xe9, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32LittleEndian(jump.AsSpan(1), (int)(entry - (prelude + instructions.Length + jump.Length)));
        byte[] note = [4, 0, 0, 0, 4, 0, 0, 0, 18, 0, 0, 0, .. "Xen\0"u8];
        int noteAt = image.AsSpan().IndexOf(note);

        byte[] changed = [.. image];
        ((byte[])[.. instructions, .. jump]).CopyTo(changed, (int)(prelude - code.Address + code.Offset));
        BinaryPrimitives.WriteUInt32LittleEndian(changed.AsSpan(noteAt + note.Length), prelude);
        return changed;
    }
}
