using System.Text.RegularExpressions;

namespace Xenolith.Sdk.Toolstack;

/// <summary>What a toolstack does with a domain that has crashed: xl.cfg(5) <c>on_crash</c> and libvirt's element of the same name.</summary>
public enum CrashAction
{
    /// <summary>Removes the domain.</summary>
    Destroy,

    /// <summary>Starts it anew.</summary>
    Restart,

    /// <summary>Keeps it and its memory for a look.</summary>
    Preserve,

    /// <summary>Keeps it under another name and starts it anew.</summary>
    RenameRestart,

    /// <summary>Writes its memory to a file and removes it.</summary>
    CoredumpDestroy,

    /// <summary>Writes its memory to a file and starts it anew.</summary>
    CoredumpRestart,
}

/// <summary>A block device of a domain.</summary>
/// <param name="Target">What backs it in the driver domain: the absolute path of a block device (below <c>/dev</c>) or of a file.</param>
/// <param name="Device">Its name in the domain: <c>xvda</c> and so on.</param>
/// <param name="ReadOnly">Whether the domain may only read it.</param>
/// <param name="Format">How a file holds it: <c>raw</c>, <c>qcow2</c> or <c>vhd</c>.</param>
public sealed record DomainDisk(string Target, string Device, bool ReadOnly = false, string Format = "raw")
{
    /// <summary>The name of the <paramref name="index"/>th disk unless it is given another: <c>xvda</c> for 0.</summary>
    public static string DeviceName(int index) => $"xvd{(char)('a' + index)}";

    /// <summary>Whether a block device backs it, rather than a file.</summary>
    internal bool IsBlockDevice => Target.StartsWith("/dev/", StringComparison.Ordinal);
}

/// <summary>
/// A PVH domain for an image, as the configuration files beside it describe it. Setting a property to what no toolstack accepts
/// throws an <see cref="ArgumentException"/> whose message is meant for the user.
/// </summary>
public sealed partial record DomainConfiguration
{
    private readonly string _name = "";
    private readonly int _memory = 64;
    private readonly int? _maximumMemory;
    private readonly int _virtualCpus = 1;
    private readonly string _commandLine = "";
    private readonly string _bridge = "";
    private readonly IReadOnlyList<DomainDisk> _disks = [];

    /// <summary>The domain's name: letters, digits and <c>. _ + -</c>.</summary>
    public required string Name
    {
        get => _name;
        init => _name = NamePattern().IsMatch(value)
            ? value
            : throw new ArgumentException($"The domain's name `{value}` must consist of letters, digits and . _ + - (at most 64).");
    }

    /// <summary>The path of the image.</summary>
    public required string Kernel { get; init; }

    /// <summary>
    /// The domain's memory in MiB. 64 is enough for a program with threads and a garbage collector at work; hello world runs in 16.
    /// </summary>
    public int Memory
    {
        get => _memory;
        init => _memory = IsMemory(value) ? value : throw new ArgumentException($"The domain's memory is {value} MiB: it must be from 8 MiB to 16 TiB.");
    }

    /// <summary>
    /// The memory in MiB that the toolstack can give it later (<c>xl mem-set</c>), at least <see cref="Memory"/>. <see langword="null"/>, which is
    /// the default: no more than that.
    /// </summary>
    public int? MaximumMemory
    {
        get => _maximumMemory;
        init => _maximumMemory = value is not int maximum || IsMemory(maximum)
            ? value
            : throw new ArgumentException($"The domain's largest memory is {value} MiB: it must be from 8 MiB to 16 TiB.");
    }

    /// <summary>Checks what the properties must be together.</summary>
    /// <exception cref="ArgumentException">The largest memory is smaller than the memory.</exception>
    public void Check()
    {
        if (MaximumMemory < Memory)
            throw new ArgumentException($"The domain starts with {Memory} MiB of memory and can have {MaximumMemory} MiB at most: that must not be less.");
    }

    private static bool IsMemory(int mebibytes) => mebibytes is >= 8 and <= 16 * 1024 * 1024;

    /// <summary>How many virtual CPUs it has. 1, since the kernel runs on one.</summary>
    public int VirtualCpus
    {
        get => _virtualCpus;
        init => _virtualCpus = value is >= 1 and <= 128
            ? value
            : throw new ArgumentException($"The domain has {value} virtual CPUs: it must have from 1 to 128.");
    }

    /// <summary>What to do when it crashes. <see cref="CrashAction.Destroy"/>, which is xl's own default.</summary>
    public CrashAction OnCrash { get; init; } = CrashAction.Destroy;

    /// <summary>The command line: see <see cref="GuestCommandLine"/>. Empty.</summary>
    public string CommandLine
    {
        get => _commandLine;
        init => _commandLine = value.AsSpan().IndexOfAnyInRange('\0', '\u001f') < 0
            ? value
            : throw new ArgumentException("The command line must not hold line breaks or other control characters.");
    }

    /// <summary>The bridge that its network interface is connected to; it has no interface when this is empty, which is the default.</summary>
    public string Bridge
    {
        get => _bridge;
        init => _bridge = value.Length == 0 || BridgePattern().IsMatch(value)
            ? value
            : throw new ArgumentException($"`{value}` cannot be the name of a network bridge.");
    }

    /// <summary>Its disks. None.</summary>
    public IReadOnlyList<DomainDisk> Disks
    {
        get => _disks;
        init
        {
            foreach (DomainDisk disk in value)
            {
                if (!Path.IsPathRooted(disk.Target) || disk.Target.AsSpan().IndexOfAnyInRange('\0', '\u001f') >= 0)
                    throw new ArgumentException($"The disk `{disk.Target}` must be given as an absolute path.");
                if (!DevicePattern().IsMatch(disk.Device))
                    throw new ArgumentException($"The disk {disk.Target} cannot be called `{disk.Device}` in the domain: use xvda, xvdb and so on.");
                if (disk.Format is not ("raw" or "qcow2" or "vhd"))
                    throw new ArgumentException($"The disk {disk.Target} has the format `{disk.Format}`: it must be raw, qcow2 or vhd.");
            }
            if (value.Select(d => d.Device).Distinct(StringComparer.Ordinal).Count() != value.Count)
                throw new ArgumentException("Two disks have the same name in the domain.");
            _disks = value;
        }
    }

    /// <summary>A name for a domain made of any text, such as that of a project: what may not be in a name becomes a hyphen.</summary>
    public static string MakeName(string text)
    {
        string name = NotInName().Replace(text, "-").TrimStart('-');
        return name.Length == 0 ? "domain" : name[..Math.Min(name.Length, 64)];
    }

    /// <summary>How xl and libvirt write a <see cref="CrashAction"/>.</summary>
    internal static string Text(CrashAction action) => action switch
    {
        CrashAction.Restart => "restart",
        CrashAction.Preserve => "preserve",
        CrashAction.RenameRestart => "rename-restart",
        CrashAction.CoredumpDestroy => "coredump-destroy",
        CrashAction.CoredumpRestart => "coredump-restart",
        _ => "destroy",
    };

    /// <summary>Reads a <see cref="CrashAction"/> as xl and libvirt write it.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    public static CrashAction ParseCrashAction(string text)
    {
        foreach (CrashAction action in Enum.GetValues<CrashAction>())
            if (Text(action) == text)
                return action;
        throw new ArgumentException($"`{text}` is no action for a crash: use {string.Join(", ", Enum.GetValues<CrashAction>().Select(Text))}.");
    }

    [GeneratedRegex(@"^[A-Za-z0-9_.+][A-Za-z0-9_.+-]{0,63}\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex("[^A-Za-z0-9_.+-]+")]
    private static partial Regex NotInName();

    [GeneratedRegex(@"^[A-Za-z0-9_.:-]{1,15}\z")]
    private static partial Regex BridgePattern();

    [GeneratedRegex(@"^(xvd|hd|sd)[a-z]{1,2}[0-9]*\z")]
    private static partial Regex DevicePattern();
}
