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

    /// <inheritdoc/>
    protected override void Run()
    {
        string certificates = RootCertificates.Collect(From);
        if (File.Exists(To) && File.ReadAllText(To) == certificates)
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(To))!);
        File.WriteAllText(To, certificates);
    }
}
