namespace Xenolith.Cli;

/// <summary>An expected failure: its message is all that the user sees, so it says what to do.</summary>
internal sealed class CliException : Exception
{
    internal CliException(int exitCode, string message)
        : base(message) => ExitCode = exitCode;

    /// <summary>What the tool ends with.</summary>
    internal int ExitCode { get; }
}
