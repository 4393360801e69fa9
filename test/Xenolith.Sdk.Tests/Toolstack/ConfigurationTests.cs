using System.Xml.Linq;
using Xenolith.Sdk.Toolstack;

namespace Xenolith.Sdk.Tests.Toolstack;

public class ConfigurationTests
{
    private static readonly Gen<string> Printable = Gen.String[Gen.Char[' ', '~'], 0, 30];

    private static readonly Gen<DomainConfiguration> Domains = Gen.Select(
        Gen.Int[8, 1 << 20].Select(Gen.Int[-1, 1000]), Gen.Int[1, 128], Gen.Enum<CrashAction>(), Printable, OneOf.These("", "xenbr0"),
        Gen.Select(Printable, Gen.Bool, OneOf.These("raw", "qcow2")).Array[0, 3],
        (memory, cpus, crash, line, bridge, disks) => new DomainConfiguration
        {
            Name = "a-name",
            Kernel = "My \"App\".xen",
            Memory = memory.Item1,
            MaximumMemory = memory.Item2 < 0 ? null : memory.Item1 + memory.Item2,
            VirtualCpus = cpus,
            OnCrash = crash,
            CommandLine = line,
            Bridge = bridge,
            Disks = [.. disks.Select((d, i) => new DomainDisk("/" + d.Item1, DomainDisk.DeviceName(i), d.Item2, d.Item3))],
        });

    [Fact]
    public void An_xl_configuration_reads_back_as_it_was_written() => Domains.Sample(domain =>
    {
        DomainConfiguration read = XlConfiguration.Read(XlConfiguration.Write(domain));
        return read.Disks.SequenceEqual(domain.Disks) && read with { Disks = domain.Disks } == domain;
    });

    [Fact]
    public void An_xl_configuration_says_what_xl_needs()
    {
        string text = XlConfiguration.Write(new DomainConfiguration
        {
            Name = "web",
            Kernel = "Web.xen",
            CommandLine = "URL=\"a b\" x",
            Bridge = "xenbr0",
            Disks = [new DomainDisk("/dev/vg/data", "xvda", ReadOnly: true)],
        });

        Assert.Equal(
            """
            # Start with `xl create -c` in this folder. See xl.cfg(5).
            type = "pvh"
            name = "web"
            kernel = "Web.xen"
            cmdline = "URL=\"a b\" x"
            memory = 64
            vcpus = 1
            on_crash = "destroy"
            vif = [ "bridge=xenbr0" ]
            disk = [ "format=raw, vdev=xvda, access=ro, target=/dev/vg/data" ]

            """,
            text);
    }

    [Fact]
    public void A_domain_that_can_grow_says_so_to_either_toolstack()
    {
        DomainConfiguration domain = new() { Name = "web", Kernel = "/Web.xen", Memory = 64, MaximumMemory = 256 };
        Assert.Contains("\nmemory = 64\nmaxmem = 256\n", XlConfiguration.Write(domain));
        XElement root = XElement.Parse(LibvirtConfiguration.Write(domain));
        Assert.Equal(("256", "64"), (root.Element("memory")!.Value, root.Element("currentMemory")!.Value));
    }

    [Fact]
    public void A_domain_cannot_start_with_more_memory_than_it_can_have()
    {
        DomainConfiguration domain = new() { Name = "web", Kernel = "/Web.xen", Memory = 64, MaximumMemory = 63 };
        Assert.Contains("starts with 64 MiB of memory and can have 63 MiB at most", Assert.Throws<ArgumentException>(() => XlConfiguration.Write(domain)).Message);
        Assert.Throws<ArgumentException>(() => LibvirtConfiguration.Write(domain));
        Assert.Contains("largest memory is 7 MiB", Assert.Throws<ArgumentException>(() => domain with { MaximumMemory = 7 }).Message);
    }

    [Fact]
    public void An_edited_xl_configuration_is_understood()
    {
        DomainConfiguration domain = XlConfiguration.Read("""
            memory=128   # more
            vif = ['mac=00:16:3e:00:00:01,bridge=br1',
                   'bridge=br2' ]
            on_reboot = "restart"; vcpus = 2
            disk = [ ]
            """);

        Assert.Equal((128, 2, "br1"), (domain.Memory, domain.VirtualCpus, domain.Bridge));
    }

    [Theory]
    [InlineData("memory = ")]
    [InlineData("memory")]
    [InlineData("= 3")]
    [InlineData("name = \"open")]
    [InlineData("vif = [ 'a'")]
    [InlineData("memory = 1 2")]
    [InlineData("memory = many")]
    public void What_is_no_xl_configuration_is_refused(string text) => Assert.Throws<FormatException>(() => XlConfiguration.Read(text));

    [Fact]
    public void Any_text_is_read_or_refused() => Gen.String[Gen.Char['\n', '~'], 0, 60].Sample(text =>
    {
        try
        {
            _ = XlConfiguration.Read(text);
        }
        catch (Exception problem) when (problem is FormatException or ArgumentException)
        {
            // What a caller expects.
        }
    });

    [Fact]
    public void A_libvirt_description_is_well_formed_and_describes_a_PVH_domain() => Domains.Sample(domain =>
    {
        XElement root = XElement.Parse(LibvirtConfiguration.Write(domain));
        XElement os = root.Element("os")!;
        return (string?)root.Attribute("type") == "xen"
            && (string?)os.Element("type") == "xenpvh"
            && (string?)os.Element("type")!.Attribute("machine") == "xenpvh"
            && ((string?)os.Element("cmdline") ?? "") == domain.CommandLine
            && (int)root.Element("memory")! == (domain.MaximumMemory ?? domain.Memory)
            && ((int?)root.Element("currentMemory") ?? domain.Memory) == domain.Memory
            && root.Element("devices")!.Elements("disk").Count() == domain.Disks.Count;
    });

    [Fact]
    public void Values_that_no_toolstack_accepts_are_refused_with_a_reason()
    {
        DomainConfiguration domain = new() { Name = "x", Kernel = "x.xen" };
        static void Refused(Func<DomainConfiguration> make, string reason) => Assert.Contains(reason, Assert.Throws<ArgumentException>(make).Message);

        Refused(() => domain with { Memory = 4 }, "4 MiB");
        Refused(() => domain with { VirtualCpus = 0 }, "0 virtual CPUs");
        Refused(() => domain with { Name = "a b" }, "a b");
        Refused(() => domain with { CommandLine = "a\nb" }, "line breaks");
        Refused(() => domain with { Bridge = "x,y" }, "x,y");
        Refused(() => domain with { Disks = [new("relative", "xvda")] }, "absolute path");
        Refused(() => domain with { Disks = [new("/a", "disk")] }, "xvda");
        Refused(() => domain with { Disks = [new("/a", "xvda"), new("/b", "xvda")] }, "same name");
        Assert.Contains("preserve", Assert.Throws<ArgumentException>(() => DomainConfiguration.ParseCrashAction("explode")).Message);
    }

    [Theory]
    [InlineData("Hello", "Hello")]
    [InlineData("My App (2)", "My-App-2-")]
    [InlineData("---", "domain")]
    public void A_domains_name_can_be_made_of_any_projects(string text, string name) => Assert.Equal(name, new DomainConfiguration { Name = DomainConfiguration.MakeName(text), Kernel = "" }.Name);
}
