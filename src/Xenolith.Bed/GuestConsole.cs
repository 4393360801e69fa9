using System.Text.RegularExpressions;

namespace Xenolith.Bed;

/// <summary>
/// What a guest wrote to its console, complete and in order, from its first byte on. It is kept whole, so any number of readers may begin at any time.
/// A guest's kernel sends CR LF for each LF of the program: the decoded views take exactly one CR from before each LF and change nothing else.
/// </summary>
public sealed class GuestConsole
{
    /// <summary>Every byte so far, as the guest sent it.</summary>
    public ReadOnlyMemory<byte> RawBytes => throw new NotImplementedException();

    /// <summary>Every byte so far, decoded.</summary>
    public ReadOnlyMemory<byte> Bytes => throw new NotImplementedException();

    /// <summary>Everything so far, decoded, as UTF-8.</summary>
    public string Text => throw new NotImplementedException();

    /// <summary>Whether the guest has ended and nothing more can come.</summary>
    public bool IsComplete => throw new NotImplementedException();

    /// <summary>
    /// The decoded bytes from the beginning, as they come, until the guest ends. Stops reading without harm at any point; each call starts anew.
    /// </summary>
    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadBytesAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>The lines from the beginning, without their line ends, as they come, until the guest ends. A last line without LF is delivered at the end.</summary>
    public IAsyncEnumerable<string> ReadLinesAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Waits for a line, whether it is there already or comes later, and returns it.</summary>
    /// <param name="predicate">Tells whether a line is the one.</param>
    /// <param name="timeout">How long at most. Null: <see cref="BedOptions.Timeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="BedException">The guest ended without such a line; the message shows the consoles.</exception>
    /// <exception cref="BedTimeoutException">No such line came in time; the message shows the consoles.</exception>
    public Task<string> WaitForLineAsync(Predicate<string> predicate, TimeSpan? timeout = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Waits for a line that contains <paramref name="text"/>, as <see cref="WaitForLineAsync(Predicate{string}, TimeSpan?, CancellationToken)"/> does.</summary>
    public Task<string> WaitForLineAsync(string text, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        WaitForLineAsync(line => line.Contains(text, StringComparison.Ordinal), timeout, cancellationToken);

    /// <summary>Waits for a line that matches, as <see cref="WaitForLineAsync(Predicate{string}, TimeSpan?, CancellationToken)"/> does.</summary>
    public Task<string> WaitForLineAsync(Regex expression, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        WaitForLineAsync(expression.IsMatch, timeout, cancellationToken);
}
