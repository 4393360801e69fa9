using Microsoft.Build.Framework;
using Xenolith.Sdk.Linking;
using Xenolith.Sdk.Time;

namespace Xenolith.Sdk.Tasks;

/// <summary>Finds the time zones that go into an image, and writes the files that go with them.</summary>
public sealed class SelectXenolithTimeZones : BuildTask
{
    /// <summary>Their names, or <c>all</c>.</summary>
    public string[] Zones { get; set; } = [];

    /// <summary>The name of the local one, or empty for UTC.</summary>
    public string Local { get; set; } = "";

    /// <summary>The folder that has them.</summary>
    [Required]
    public string From { get; set; } = "";

    /// <summary>Where <c>zone.tab</c> goes, which lists them, and <c>localtime</c>, the text of the link to the local one.</summary>
    [Required]
    public string Directory { get; set; } = "";

    /// <summary>The names of all that go into the image.</summary>
    [Output]
    public string[] Selected { get; private set; } = [];

    /// <inheritdoc/>
    protected override void Run()
    {
        if (Local == TimeZones.All)
            throw new ImageLinkException("XEN1023", "XenolithLocalTimeZone is `all`: it must be one time zone.");
        Selected = [.. TimeZones.Select(From, Local.Length == 0 ? Zones : [.. Zones, Local])];
        System.IO.Directory.CreateDirectory(Directory);
        Write("zone.tab", TimeZones.TableOf(From, Selected));
        if (Local.Length != 0)
            Write("localtime", $"/usr/share/zoneinfo/{Local}");
    }

    /// <summary>Writes a file that is as old as the data it comes from, so that equal zones give equal images.</summary>
    private void Write(string name, string text)
    {
        string path = Path.Combine(Directory, name);
        File.WriteAllText(path, text);
        File.SetLastWriteTimeUtc(path, File.GetLastWriteTimeUtc(Path.Combine(From, TimeZones.Table)));
    }
}
