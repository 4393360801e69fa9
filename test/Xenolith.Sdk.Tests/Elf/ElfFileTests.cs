using Xenolith.Sdk.Elf;

namespace Xenolith.Sdk.Tests.Elf;

public class ElfFileTests
{
    private static readonly byte[] Image = SmallImage.Bytes;

    [Fact]
    public void The_header_and_segments_of_an_image_are_read()
    {
        ElfFile image = ElfFile.Parse(Image);

        Assert.Equal(ElfFileType.Executable, image.Type);
        Assert.Equal(
            [ElfSegmentFlags.Read | ElfSegmentFlags.Execute, ElfSegmentFlags.Read, ElfSegmentFlags.Read | ElfSegmentFlags.Write],
            image.Segments.Where(s => s.Type == ElfSegmentType.Load).Select(s => s.Flags));
        Assert.Equal(0x200000ul, image.Segments[0].Address);
    }

    [Fact]
    public void Symbols_and_notes_of_an_image_are_read()
    {
        ElfFile image = ElfFile.Parse(Image);

        ElfSymbol entry = Assert.Single(image.Symbols(), s => s.Name == "xl_pvh_entry");
        Assert.Equal((ElfSymbolBinding.Global, ElfSymbolType.Function), (entry.Binding, entry.Type));
        ElfNote note = Assert.Single(image.Notes(), n => n.Name == "Xen");
        Assert.Equal((18u, entry.Value), (note.Type, BitConverter.ToUInt32(note.Description.Span)));
    }

    [Fact]
    public void Memory_is_found_by_its_address()
    {
        ElfFile image = ElfFile.Parse(Image);
        ulong entry = image.Symbols().Single(s => s.Name == "xl_pvh_entry").Value;

        Assert.Equal(0xfa, image.ContentAt(entry)!.Value.Span[0]); // cli
        Assert.Null(image.ContentAt(0x1000));
    }

    [Theory]
    [InlineData("", "not an ELF file")]
    [InlineData("#!/bin/sh\necho it is a script and long enough for a whole ELF header\n", "not an ELF file")]
    public void What_is_no_ELF_file_is_called_so(string text, string message) =>
        Assert.Equal(message, Assert.Throws<ElfFormatException>(() => ElfFile.Parse(System.Text.Encoding.ASCII.GetBytes(text))).Message);

    [Fact]
    public void An_ELF_file_for_another_machine_is_refused()
    {
        byte[] other = [.. Image];
        other[18] = 183; // AArch64
        Assert.Equal("not an ELF file for x86-64", Assert.Throws<ElfFormatException>(() => ElfFile.Parse(other)).Message);
    }

    [Fact]
    public void A_file_cut_short_anywhere_gives_its_own_exception_or_what_is_left()
    {
        Gen.Int[0, Image.Length].Sample(length => ReadsOrRefuses(Image[..length]));
    }

    [Fact]
    public void A_file_with_any_damage_gives_its_own_exception_or_what_can_be_read()
    {
        Gen.Select(Gen.Int[0, Image.Length - 1], Gen.Byte).Array[1, 8].Sample(damage =>
        {
            byte[] damaged = [.. Image];
            foreach ((int at, byte value) in damage)
                damaged[at] = value;
            return ReadsOrRefuses(damaged);
        });
    }

    [Fact]
    public void A_damaged_header_gives_its_own_exception_or_what_can_be_read()
    {
        // The ELF header and the program headers, where every byte means something.
        Gen.Select(Gen.Int[4, 64 + 7 * 56 - 1], Gen.Byte).Array[1, 4].Sample(damage =>
        {
            byte[] damaged = [.. Image];
            foreach ((int at, byte value) in damage)
                damaged[at] = value;
            return ReadsOrRefuses(damaged);
        });
    }

    private static bool ReadsOrRefuses(byte[] bytes)
    {
        try
        {
            ElfFile file = ElfFile.Parse(bytes);
            _ = file.Symbols().Count();
            _ = file.Notes().Count();
            foreach (ElfSegment segment in file.Segments)
                _ = file.Content(segment).Length;
            foreach (ElfSection section in file.Sections)
                _ = file.Content(section).Length;
            _ = file.ContentAt(file.Entry);
        }
        catch (ElfFormatException)
        {
            // What a caller expects.
        }
        return true;
    }
}
