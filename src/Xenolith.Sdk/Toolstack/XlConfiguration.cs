// The configuration file of Xen's toolstack xl, xl.cfg(5): `name = value` lines; a value is a number, a quoted string with backslash
// escapes, or a bracketed list of strings.

using System.Globalization;
using System.Text;

namespace Xenolith.Sdk.Toolstack;

/// <summary>Writes configuration files for <c>xl create</c>, and reads back what it wrote.</summary>
public static class XlConfiguration
{
    /// <summary>The text of a configuration. A relative path of the image is relative to the directory where xl is started.</summary>
    /// <exception cref="ArgumentException">The configuration contradicts itself (<see cref="DomainConfiguration.Check"/>).</exception>
    public static string Write(DomainConfiguration domain)
    {
        domain.Check();
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"# Start with `xl create -c` in this folder. See xl.cfg(5).\n");
        text.Append(CultureInfo.InvariantCulture, $"type = \"pvh\"\n");
        text.Append(CultureInfo.InvariantCulture, $"name = {Quote(domain.Name)}\n");
        text.Append(CultureInfo.InvariantCulture, $"kernel = {Quote(domain.Kernel)}\n");
        if (domain.CommandLine.Length != 0)
            text.Append(CultureInfo.InvariantCulture, $"cmdline = {Quote(domain.CommandLine)}\n");
        text.Append(CultureInfo.InvariantCulture, $"memory = {domain.Memory}\n");
        if (domain.MaximumMemory is int maximum)
            text.Append(CultureInfo.InvariantCulture, $"maxmem = {maximum}\n");
        text.Append(CultureInfo.InvariantCulture, $"vcpus = {domain.VirtualCpus}\n");
        text.Append(CultureInfo.InvariantCulture, $"on_crash = {Quote(DomainConfiguration.Text(domain.OnCrash))}\n");
        if (domain.Bridge.Length != 0)
            text.Append(CultureInfo.InvariantCulture, $"vif = [ {Quote("bridge=" + domain.Bridge)} ]\n");
        if (domain.Disks.Count != 0)
            text.Append(CultureInfo.InvariantCulture, $"disk = [ {string.Join(", ", domain.Disks.Select(d => Quote(Disk(d))))} ]\n");
        return text.ToString();
    }

    /// <summary>
    /// Reads a configuration that <see cref="Write"/> wrote and a user may have edited since. Settings that it does not know are passed over.
    /// </summary>
    /// <exception cref="FormatException">A line is not a setting, or a setting has a value of the wrong kind; the message names the line.</exception>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static DomainConfiguration Read(string text)
    {
        Dictionary<string, IReadOnlyList<string>> settings = XlParser.Parse(text);

        string Text(string name, string otherwise) =>
            settings.TryGetValue(name, out IReadOnlyList<string>? values) && values.Count == 1 ? values[0] : otherwise;
        int Number(string name, int otherwise) => !settings.ContainsKey(name)
            ? otherwise
            : int.TryParse(Text(name, ""), CultureInfo.InvariantCulture, out int number)
                ? number
                : throw new FormatException($"`{name}` is not a number");
        IReadOnlyList<string> Items(string name) => settings.GetValueOrDefault(name) ?? [];

        string? bridge = Items("vif").SelectMany(v => v.Split(',')).Select(p => p.Trim()).FirstOrDefault(p => p.StartsWith("bridge=", StringComparison.Ordinal));
        return new DomainConfiguration
        {
            Name = Text("name", "domain"),
            Kernel = Text("kernel", ""),
            Memory = Number("memory", 64),
            MaximumMemory = settings.ContainsKey("maxmem") ? Number("maxmem", 0) : null,
            VirtualCpus = Number("vcpus", 1),
            CommandLine = Text("cmdline", ""),
            OnCrash = DomainConfiguration.ParseCrashAction(Text("on_crash", "destroy")),
            Bridge = bridge?["bridge=".Length..] ?? "",
            Disks = [.. Items("disk").Select(ReadDisk)],
        };
    }

    private static string Disk(DomainDisk disk) =>
        $"format={disk.Format}, vdev={disk.Device}, access={(disk.ReadOnly ? "ro" : "rw")}, target={disk.Target}";

    private static DomainDisk ReadDisk(string text, int index)
    {
        const string Target = "target=";
        int target = text.IndexOf(Target, StringComparison.Ordinal);
        if (target < 0)
            throw new FormatException($"the disk `{text}` has no target=");
        Dictionary<string, string> words = text[..target].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(word => word.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[^1], StringComparer.Ordinal);
        return new DomainDisk(
            text[(target + Target.Length)..],
            words.GetValueOrDefault("vdev", DomainDisk.DeviceName(index)),
            words.GetValueOrDefault("access") is "ro" or "r",
            words.GetValueOrDefault("format", "raw"));
    }

    private static string Quote(string value) =>
        $"\"{value.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
