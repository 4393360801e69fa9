using System.Globalization;
using System.Xml.Linq;

namespace Xenolith.Sdk.Toolstack;

/// <summary>Writes domain descriptions for libvirt's Xen driver (libxl), <c>virsh create</c>.</summary>
public static class LibvirtConfiguration
{
    /// <summary>The text of a description. libvirt takes absolute paths only, so <see cref="DomainConfiguration.Kernel"/> must be one.</summary>
    public static string Write(DomainConfiguration domain)
    {
        domain.Check();
        XElement root = new(
            "domain",
            new XAttribute("type", "xen"),
            new XElement("name", domain.Name),
            Memory("memory", domain.MaximumMemory ?? domain.Memory),
            domain.MaximumMemory is null ? null : Memory("currentMemory", domain.Memory),
            new XElement("vcpu", domain.VirtualCpus.ToString(CultureInfo.InvariantCulture)),
            new XElement(
                "os",
                new XElement("type", new XAttribute("arch", "x86_64"), new XAttribute("machine", "xenpvh"), "xenpvh"),
                new XElement("kernel", domain.Kernel),
                domain.CommandLine.Length != 0 ? new XElement("cmdline", domain.CommandLine) : null),
            new XElement("on_poweroff", "destroy"),
            new XElement("on_reboot", "restart"),
            new XElement("on_crash", DomainConfiguration.Text(domain.OnCrash)),
            new XElement(
                "devices",
                domain.Disks.Select(Disk),
                domain.Bridge.Length != 0
                    ? new XElement("interface", new XAttribute("type", "bridge"), new XElement("source", new XAttribute("bridge", domain.Bridge)))
                    : null,
                new XElement("console", new XAttribute("type", "pty"), new XElement("target", new XAttribute("type", "xen"), new XAttribute("port", "0")))));
        return root.ToString() + "\n";
    }

    private static XElement Memory(string name, int mebibytes) =>
        new(name, new XAttribute("unit", "MiB"), mebibytes.ToString(CultureInfo.InvariantCulture));

    private static XElement Disk(DomainDisk disk) => new(
        "disk",
        new XAttribute("type", disk.IsBlockDevice ? "block" : "file"),
        new XAttribute("device", "disk"),
        new XElement("driver", new XAttribute("name", disk.IsBlockDevice && disk.Format == "raw" ? "phy" : "qemu"), new XAttribute("type", disk.Format)),
        new XElement("source", new XAttribute(disk.IsBlockDevice ? "dev" : "file", disk.Target)),
        new XElement("target", new XAttribute("dev", disk.Device), new XAttribute("bus", "xen")),
        disk.ReadOnly ? new XElement("readonly") : null);
}
