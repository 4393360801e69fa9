using Xenolith.Sdk.Elf;

namespace Xenolith.Sdk.Tests.Elf;

public class ElfObjectWriterTests
{
    [Fact]
    public void An_object_holds_its_bytes_in_a_read_only_section()
    {
        Gen.Byte.Array[0, 100].Sample(content =>
        {
            ElfFile file = ElfFile.Parse(ElfObjectWriter.WithReadOnlySection(".data.of.mine", content));
            ElfSection section = file.Sections.Single(s => s.Name == ".data.of.mine");
            return file.Type == ElfFileType.Relocatable
                && section.Flags == ElfSectionFlags.Allocate
                && file.Content(section).Span.SequenceEqual(content);
        });
    }

    [Fact]
    public void An_object_asks_for_no_executable_stack() =>
        Assert.Contains(ElfFile.Parse(ElfObjectWriter.WithReadOnlySection(".x", [1])).Sections, s => s is { Name: ".note.GNU-stack", Flags: ElfSectionFlags.None });
}
