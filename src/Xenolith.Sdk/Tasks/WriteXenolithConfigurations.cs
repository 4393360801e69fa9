using System.Globalization;
using Microsoft.Build.Framework;
using Xenolith.Sdk.Linking;
using Xenolith.Sdk.Toolstack;

namespace Xenolith.Sdk.Tasks;

/// <summary>Writes the toolstacks' configuration files beside an image.</summary>
public sealed class WriteXenolithConfigurations : BuildTask
{
    /// <summary>The path of the image, in the folder where the files go.</summary>
    [Required]
    public string Image { get; set; } = "";

    /// <summary>The name for the domain; one is made of the image's file name when it is empty.</summary>
    public string Name { get; set; } = "";

    /// <summary>Memory in MiB.</summary>
    [Required]
    public string Memory { get; set; } = "";

    /// <summary>The memory in MiB that the domain can be given later, or nothing for no more than <see cref="Memory"/>.</summary>
    public string MaxMemory { get; set; } = "";

    /// <summary>The number of virtual CPUs.</summary>
    [Required]
    public string VirtualCpus { get; set; } = "";

    /// <summary>What happens after a crash.</summary>
    [Required]
    public string OnCrash { get; set; } = "";

    /// <summary>The command line.</summary>
    public string CommandLine { get; set; } = "";

    /// <summary>The network bridge, or nothing for no network interface.</summary>
    public string Bridge { get; set; } = "";

    /// <summary>Disks: paths with the metadata Device, ReadOnly and Format.</summary>
    public ITaskItem[] Disks { get; set; } = [];

    /// <inheritdoc/>
    protected override void Run()
    {
        string image = Path.GetFullPath(Image);
        string stem = Path.ChangeExtension(image, null);
        try
        {
            DomainConfiguration domain = new()
            {
                Name = Name.Length != 0 ? Name : DomainConfiguration.MakeName(Path.GetFileName(stem)),
                Kernel = Path.GetFileName(image),
                Memory = Number(nameof(Memory), Memory),
                MaximumMemory = MaxMemory.Length != 0 ? Number(nameof(MaxMemory), MaxMemory) : null,
                VirtualCpus = Number(nameof(VirtualCpus), VirtualCpus),
                OnCrash = DomainConfiguration.ParseCrashAction(OnCrash),
                CommandLine = CommandLine,
                Bridge = Bridge,
                Disks = [.. Disks.Select(Disk)],
            };
            WriteIfChanged(stem + ".xl", XlConfiguration.Write(domain));
            WriteIfChanged(stem + ".libvirt.xml", LibvirtConfiguration.Write(domain with { Kernel = image }));
        }
        catch (ArgumentException problem)
        {
            throw new ImageLinkException("XEN1021", problem.Message);
        }
    }

    private static DomainDisk Disk(ITaskItem item, int index)
    {
        string Metadata(string name, string otherwise) => item.GetMetadata(name) is { Length: > 0 } value ? value : otherwise;
        return new DomainDisk(
            item.ItemSpec,
            Metadata("Device", DomainDisk.DeviceName(index)),
            bool.TryParse(Metadata("ReadOnly", "false"), out bool readOnly) ? readOnly : throw new ArgumentException($"ReadOnly of the disk {item.ItemSpec} must be true or false."),
            Metadata("Format", "raw"));
    }

    private static int Number(string property, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new ArgumentException($"Xenolith{property} is `{text}`: it must be a number.");

    private static void WriteIfChanged(string path, string text)
    {
        if (!File.Exists(path) || File.ReadAllText(path) != text)
            File.WriteAllText(path, text);
    }
}
