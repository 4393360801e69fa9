using Microsoft.Build.Framework;
using Xenolith.Sdk.OpenSsl;

namespace Xenolith.Sdk.Tasks;

/// <summary>Writes the file of root certificates that goes into an image.</summary>
public sealed class WriteXenolithRootCertificates : BuildTask
{
    /// <summary>A file of PEM certificates, or a folder of such files.</summary>
    [Required]
    public string From { get; set; } = "";

    /// <summary>Where the file goes. It is left alone when it has the right content, so that nothing is linked anew.</summary>
    [Required]
    public string To { get; set; } = "";

    /// <summary>Of the files that it was made from, the one that was changed last: its time is the file's in the image.</summary>
    [Output]
    public string Newest { get; set; } = "";

    /// <inheritdoc/>
    protected override void Run()
    {
        Newest = RootCertificates.Files(From).MaxBy(File.GetLastWriteTimeUtc) ?? "";
        string certificates = RootCertificates.Collect(From);
        if (File.Exists(To) && File.ReadAllText(To) == certificates)
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(To))!);
        File.WriteAllText(To, certificates);
    }
}
