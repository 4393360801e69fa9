using Xenolith.Sdk.Elf;

namespace Xenolith.Sdk.Tests.Elf;

public class ArchiveReaderTests
{
    private static readonly Lazy<byte[]> Archive = new(() =>
    {
        using TemporaryDirectory directory = new();
        string[] objects = [.. Enumerable.Range(1, 3).Select(i => directory.Combine($"an object with a name that is too long for the header {i}.o"))];
        foreach (string path in objects)
            File.WriteAllBytes(path, ElfObjectWriter.WithReadOnlySection($".of{path[^3]}", new byte[path[^3] - '0']));
        Command.Require("ar", ["rcs", directory.Combine("lib.a"), .. objects]);
        return File.ReadAllBytes(directory.Combine("lib.a"));
    });

    [Fact]
    public void The_members_of_a_static_library_are_read_in_order_without_its_index()
    {
        ElfFile[] members = [.. ArchiveReader.Members(Archive.Value).Select(ElfFile.Parse)];

        Assert.Equal([".of1", ".of2", ".of3"], members.Select(m => m.Sections[1].Name));
    }

    [Fact]
    public void A_damaged_library_gives_its_own_exception_or_what_can_be_read()
    {
        byte[] archive = Archive.Value;
        Gen.Select(Gen.Int[0, archive.Length], Gen.Select(Gen.Int[0, archive.Length - 1], Gen.Byte).Array[0, 4]).Sample((length, damage) =>
        {
            byte[] damaged = [.. archive];
            foreach ((int at, byte value) in damage)
                damaged[at] = value;
            try
            {
                _ = ArchiveReader.Members(damaged.AsMemory(0, length)).Count();
            }
            catch (ElfFormatException)
            {
                // What a caller expects.
            }
        });
    }
}
