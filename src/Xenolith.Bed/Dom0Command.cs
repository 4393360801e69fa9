using System.Text;

namespace Xenolith.Bed;

/// <summary>A program to run in dom0.</summary>
public sealed record Dom0Command
{
    /// <summary>The program: a path or a name in dom0's search path.</summary>
    public required string Program { get; init; }

    /// <summary>Its arguments, passed as they are: no shell reads them. None.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Environment variables set beside dom0's own. None.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The directory to run it in: the root.</summary>
    public string WorkingDirectory { get; init; } = "/";

    /// <summary>What it reads from its standard input. Empty.</summary>
    public ReadOnlyMemory<byte> StandardInput { get; init; }

    /// <summary>How long it may take, after which it and its children are killed. Null: <see cref="BedOptions.Timeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether an exit code other than 0 is a <see cref="BedException"/> (with both outputs). Off.</summary>
    public bool ThrowOnFailure { get; init; }
}

/// <summary>How a program in dom0 ended.</summary>
/// <param name="ExitCode">Its exit code; 128 + n when signal n ended it.</param>
/// <param name="OutputBytes">All of its standard output.</param>
/// <param name="ErrorBytes">All of its standard error.</param>
public sealed record CommandResult(int ExitCode, ReadOnlyMemory<byte> OutputBytes, ReadOnlyMemory<byte> ErrorBytes)
{
    /// <summary><see cref="OutputBytes"/> as UTF-8.</summary>
    public string Output => Encoding.UTF8.GetString(OutputBytes.Span);

    /// <summary><see cref="ErrorBytes"/> as UTF-8.</summary>
    public string Error => Encoding.UTF8.GetString(ErrorBytes.Span);
}
