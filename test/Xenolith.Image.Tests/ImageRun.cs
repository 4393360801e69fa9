using System.Text;

namespace Xenolith.Image.Tests;

/// <summary>A run of an image as a domU, from its first byte of output to its end.</summary>
/// <param name="DomainId">The domain's id.</param>
/// <param name="Bytes">All that the guest wrote to its console, with the CR that its kernel put before each LF taken out.</param>
/// <param name="End">Why and with which code it ended.</param>
public sealed record ImageRun(int DomainId, ReadOnlyMemory<byte> Bytes, DomainEnd End)
{
    /// <summary><see cref="Bytes"/> as UTF-8.</summary>
    public string Output { get; } = Encoding.UTF8.GetString(Bytes.Span);

    /// <summary>The lines of the output, without their ends.</summary>
    public string[] Lines => Output.TrimEnd('\n').Split('\n');

    /// <summary>Requires the end of a program that worked: poweroff, with the code 0.</summary>
    public ImageRun RequireSuccess()
    {
        RequireEnd(ShutdownReason.Poweroff, 0);
        return this;
    }

    /// <summary>Requires a crash, which leaves no exit code.</summary>
    public ImageRun RequireCrash()
    {
        RequireEnd(ShutdownReason.Crash, null);
        return this;
    }

    private void RequireEnd(ShutdownReason reason, int? exitCode) =>
        Assert.True(End == new DomainEnd(reason, exitCode), $"The domain ended as {End.Reason} with code {End.ExitCode?.ToString() ?? "none"}:\n{Output}");
}
