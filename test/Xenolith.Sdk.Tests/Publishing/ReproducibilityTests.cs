namespace Xenolith.Sdk.Tests.Publishing;

/// <summary>The same sources give the same image, wherever and whenever they are built.</summary>
[Collection(SampleProject.Collection)]
public sealed class ReproducibilityTests
{
    private const string Program = """
        try
        {
            throw new InvalidOperationException(File.ReadAllText("/app/data.txt"));
        }
        catch (InvalidOperationException e)
        {
            Console.WriteLine(e);
        }
        """;

    private const string Items = """<XenolithContent Include="data.txt" />""";

    [Fact]
    public void Two_folders_give_the_same_image_symbols_and_build_id()
    {
        using SampleProject one = new(Program, Items, WriteData, "DeterministicSourcePaths=true", "XenolithRootCertificates=true");
        using SampleProject other = new(Program, Items, WriteData, "DeterministicSourcePaths=true", "XenolithRootCertificates=true");
        foreach (string name in (string[])["A Sample.xen", "A Sample.xen.debug"])
            Assert.Equal(File.ReadAllBytes(one.Published(name)), File.ReadAllBytes(other.Published(name)));
    }

    private static void WriteData(SampleProject project) => File.SetLastWriteTimeUtc(project.Write("data.txt", "data"), new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
}
