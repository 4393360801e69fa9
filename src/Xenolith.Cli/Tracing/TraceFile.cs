namespace Xenolith.Cli.Tracing;

/// <summary>
/// The file that gets a trace. Whether it can be written is known before a trace is asked for, and what an earlier one left in it is gone only when
/// there is a new one.
/// </summary>
internal sealed class TraceFile : IDisposable
{
    private readonly bool _isNew;
    private readonly Output _output;

    /// <summary>Opens it.</summary>
    internal TraceFile(string path)
    {
        Path = path;
        _isNew = !File.Exists(path);
        try
        {
            _output = new Output(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CliException(ExitCode.Unavailable, $"{path} cannot be written: {problem.Message}");
        }
    }

    internal string Path { get; }

    /// <summary>What is written to it is of the new trace.</summary>
    internal Stream Stream => _output;

    /// <summary>There is a trace: what was in the file goes. Safe while another thread writes.</summary>
    internal void Begin() => _output.Begin();

    /// <summary>Closes it, and removes it if it was made for nothing.</summary>
    public void Dispose()
    {
        _output.Dispose();
        if (_isNew && !_output.IsUsed)
            File.Delete(Path);
    }

    /// <summary>The first bytes may come before the word that there is a trace: they are on another way.</summary>
    private sealed class Output(string path) : FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read)
    {
        private readonly Lock _lock = new();

        internal bool IsUsed { get; private set; }

        internal void Begin()
        {
            lock (_lock)
            {
                if (!IsUsed && CanSeek)
                    SetLength(0);
                IsUsed = true;
            }
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            Begin();
            base.Write(buffer, offset, count);
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Begin();
            base.Write(buffer);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            Begin();
            return base.WriteAsync(buffer, offset, count, cancellationToken);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Begin();
            return base.WriteAsync(buffer, cancellationToken);
        }
    }
}
