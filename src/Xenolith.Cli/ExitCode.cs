namespace Xenolith.Cli;

/// <summary>
/// What the tool ends with when it is not the program's own exit code. The numbers above 63 follow sysexits(3) and the shell's customs;
/// docs/cli.md lists them.
/// </summary>
internal static class ExitCode
{
    /// <summary>The command line is wrong.</summary>
    internal const int Usage = 64;

    /// <summary>The project cannot be built.</summary>
    internal const int BuildFailed = 65;

    /// <summary>A file or project is not there.</summary>
    internal const int NotFound = 66;

    /// <summary>The file is not an image that Xen can start.</summary>
    internal const int NotAnImage = 67;

    /// <summary>A console log without a crash in it, or one of another image.</summary>
    internal const int WrongLog = 68;

    /// <summary>Something that the tool needs is missing or does not work: the .NET SDK, QEMU, the test bed.</summary>
    internal const int Unavailable = 69;

    /// <summary>The tool itself failed.</summary>
    internal const int Internal = 70;

    /// <summary>The program did not end in time, as of timeout(1).</summary>
    internal const int TimedOut = 124;

    /// <summary>Ctrl+C, as of a shell.</summary>
    internal const int Interrupted = 130;

    /// <summary>The program crashed: what a shell shows for a process that aborts.</summary>
    internal const int Crashed = 134;

    /// <summary>Nobody reads standard output any more: what a shell shows for a process that SIGPIPE ends.</summary>
    internal const int OutputClosed = 141;
}
