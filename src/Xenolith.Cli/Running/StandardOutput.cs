using Microsoft.Win32.SafeHandles;

namespace Xenolith.Cli.Running;

/// <summary>Standard output as bytes.</summary>
internal static class StandardOutput
{
    private const int Descriptor = 1;

    /// <summary>
    /// Opens it unbuffered. The console's own stream keeps silent when the reader of a pipe has gone, so a pipe is written directly; a file
    /// is not, because its position is shared with other writers.
    /// </summary>
    internal static Stream Open()
    {
        FileStream direct = new(new SafeFileHandle(Descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return direct.CanSeek ? Console.OpenStandardOutput() : direct;
    }
}
