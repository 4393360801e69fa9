namespace Xenolith.Sdk.Content;

/// <summary>A file that goes into an image.</summary>
/// <param name="Path">
/// Where it lies: below the program's directory, or, beginning with <c>/usr/</c> or <c>/etc/</c>, there. <c>/</c> is between its parts.
/// </param>
/// <param name="Bytes">What it contains.</param>
/// <param name="Modified">When that was last changed.</param>
public sealed record ContentFile(string Path, ReadOnlyMemory<byte> Bytes, DateTimeOffset Modified)
{
    /// <summary>What it was read from, for messages.</summary>
    public string Source { get; init; } = "a file";

    /// <summary>Whether it is a symbolic link, whose text the bytes are.</summary>
    public bool IsLink { get; init; }
}
