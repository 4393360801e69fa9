namespace Xenolith.Sdk.Linking;

/// <summary>An image cannot be linked, or is not what the hypervisor and the kernel need. The message tells the user what to do.</summary>
public sealed class ImageLinkException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="code">The number of the error, <c>XEN1001</c> and up; docs/sdk.md lists them.</param>
    /// <param name="message">What is wrong and what to do.</param>
    public ImageLinkException(string code, string message)
        : base(message) => Code = code;

    /// <summary>The number of the error.</summary>
    public string Code { get; }
}
