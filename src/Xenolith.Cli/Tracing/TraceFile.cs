namespace Xenolith.Cli.Tracing;

/// <summary>
/// The file that gets a trace. Whether it can be written is known before a trace is asked for, and what an earlier one left in it is gone only when
/// there is a new one.
/// </summary>
internal sealed class TraceFile : IDisposable
{
    private readonly bool _isNew;
    private bool _isUsed;

    /// <summary>Opens it.</summary>
    internal TraceFile(string path)
    {
        Path = path;
        _isNew = !File.Exists(path);
        try
        {
            Stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CliException(ExitCode.Unavailable, $"{path} cannot be written: {problem.Message}");
        }
    }

    internal string Path { get; }

    internal FileStream Stream { get; }

    /// <summary>There is a trace: what was in the file goes.</summary>
    internal void Begin()
    {
        _isUsed = true;
        if (Stream.CanSeek)
            Stream.SetLength(0);
    }

    /// <summary>Closes it, and removes it if it was made for nothing.</summary>
    public void Dispose()
    {
        Stream.Dispose();
        if (_isNew && !_isUsed)
            File.Delete(Path);
    }
}
