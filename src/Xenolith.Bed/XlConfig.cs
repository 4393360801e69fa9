using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Xenolith.Bed;

/// <summary>Writes and reads xl.cfg(5).</summary>
internal static partial class XlConfig
{
    /// <summary>The configuration of a PVH domain.</summary>
    /// <param name="options">The domain.</param>
    /// <param name="name">Its name.</param>
    /// <param name="image">The kernel's path in dom0.</param>
    /// <param name="ramdisk">The initial RAM disk's path in dom0; null: none.</param>
    /// <param name="disks">The disks' paths in dom0, in order.</param>
    public static string Write(DomainOptions options, string name, string image, string? ramdisk, IReadOnlyList<string> disks)
    {
        StringBuilder text = new();
        Line("name", Quote(name));
        Line("type", Quote("pvh"));
        Line("kernel", Quote(image));
        if (ramdisk is not null)
            Line("ramdisk", Quote(ramdisk));
        if (options.CommandLine.Length > 0)
            Line("cmdline", Quote(options.CommandLine));
        Line("memory", Number(options.Memory));
        if (options.MaxMemory is int maximum)
            Line("maxmem", Number(maximum));
        Line("vcpus", Number(options.VirtualCpus));
        Line("tsc_mode", Quote(options.TscMode));
        Line("on_poweroff", Quote(Action(options.OnPoweroff)));
        Line("on_reboot", Quote(Action(options.OnReboot)));
        Line("on_crash", Quote(Action(options.OnCrash)));
        if (disks.Count > 0)
            Line("disk", List(disks.Select((path, index) => Disk(options.Disks[index], path, index))));
        if (options.Interfaces.Count > 0)
            Line("vif", List(options.Interfaces.Select(Interface)));
        if (options.ExtraConfig.Length > 0)
            text.Append(options.ExtraConfig).Append('\n');
        return text.ToString();

        void Line(string key, string value) => text.Append(key).Append(" = ").Append(value).Append('\n');
    }

    /// <summary>The domain's name in a configuration; null when it has none.</summary>
    public static string? ReadName(string config) => NameLine().Match(config) is { Success: true } match ? match.Groups[2].Value : null;

    [GeneratedRegex("""^\s*name\s*=\s*(["'])(.*?)\1""", RegexOptions.Multiline)]
    private static partial Regex NameLine();

    private static string Disk(DomainDisk disk, string path, int index) =>
        $"format=raw,vdev={disk.VirtualDevice ?? $"xvd{(char)('a' + index)}"},access={(disk.ReadOnly ? "ro" : "rw")},target={path}";

    private static string Interface(DomainInterface network) =>
        $"bridge={network.Bridge}{(network.MacAddress is null ? "" : $",mac={network.MacAddress}")}";

    private static string List(IEnumerable<string> values) => $"[ {string.Join(", ", values.Select(Quote))} ]";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Action(DomainEndAction action) => action switch
    {
        DomainEndAction.Destroy => "destroy",
        DomainEndAction.Restart => "restart",
        _ => "preserve",
    };

    private static string Quote(string value)
    {
        if (value.AsSpan().IndexOfAny('\n', '\r', '\0') >= 0)
            throw new BedException("A value of a domain's configuration contains a line break or NUL, which xl cannot read.");
        return $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
    }
}
