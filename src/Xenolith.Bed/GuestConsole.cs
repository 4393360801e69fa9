using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Xenolith.Bed;

/// <summary>
/// What a guest wrote to its console, complete and in order, from its first byte on. It is kept whole, so any number of readers may begin at any
/// time. A guest's kernel sends CR LF for each LF of the program: the decoded views take exactly one CR from before each LF and change nothing else.
/// All members may be used from any thread.
/// </summary>
public sealed class GuestConsole
{
    private readonly Lock _lock = new();
    private readonly TimeSpan _timeout;
    private readonly Func<string, string> _explain;
    private GrowingBytes _raw;
    private GrowingBytes _decoded;
    private bool _carriageReturn;
    private bool _complete;
    private TaskCompletionSource _change = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="timeout">The default for waits.</param>
    /// <param name="explain">Adds the consoles to an error's message.</param>
    internal GuestConsole(TimeSpan timeout, Func<string, string> explain)
    {
        _timeout = timeout;
        _explain = explain;
    }

    /// <summary>Every byte so far, as the guest sent it.</summary>
    public ReadOnlyMemory<byte> RawBytes
    {
        get
        {
            lock (_lock)
                return _raw.Memory;
        }
    }

    /// <summary>Every byte so far, decoded.</summary>
    public ReadOnlyMemory<byte> Bytes
    {
        get
        {
            lock (_lock)
                return _decoded.Memory;
        }
    }

    /// <summary>Everything so far, decoded, as UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    /// <summary>Whether the guest has ended and nothing more can come.</summary>
    public bool IsComplete
    {
        get
        {
            lock (_lock)
                return _complete;
        }
    }

    /// <summary>
    /// The decoded bytes from the beginning, as they come, until the guest ends. Reading may stop at any point; each call starts anew.
    /// </summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadBytesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (int position = 0; ;)
        {
            (ReadOnlyMemory<byte> bytes, bool complete, Task change) = State();
            if (bytes.Length > position)
            {
                yield return bytes[position..];
                position = bytes.Length;
            }
            else if (complete)
            {
                yield break;
            }
            else
            {
                await change.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// The lines from the beginning, without their line ends, as they come, until the guest ends. A last line without LF is delivered at the end.
    /// </summary>
    public async IAsyncEnumerable<string> ReadLinesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (int position = 0; ;)
        {
            (ReadOnlyMemory<byte> bytes, bool complete, Task change) = State();
            ReadOnlyMemory<byte> rest = bytes[position..];
            int end = rest.Span.IndexOf((byte)'\n');
            if (end >= 0)
            {
                position += end + 1;
                yield return Encoding.UTF8.GetString(rest.Span[..end]);
            }
            else if (complete)
            {
                if (!rest.IsEmpty)
                    yield return Encoding.UTF8.GetString(rest.Span);
                yield break;
            }
            else
            {
                await change.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits for a line, whether it is there already or comes later, and returns it.</summary>
    /// <param name="predicate">Tells whether a line is the one.</param>
    /// <param name="timeout">How long at most. Null: <see cref="BedOptions.Timeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="BedException">The guest ended without such a line; the message shows the consoles.</exception>
    /// <exception cref="BedTimeoutException">No such line came in time; the message shows the consoles.</exception>
    public async Task<string> WaitForLineAsync(Predicate<string> predicate, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        TimeSpan limit = timeout ?? _timeout;
        using CancellationTokenSource timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer.CancelAfter(limit);
        try
        {
            await foreach (string line in ReadLinesAsync(timer.Token).ConfigureAwait(false))
            {
                if (predicate(line))
                    return line;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BedTimeoutException(_explain($"The awaited line did not come within {limit.TotalSeconds:0.#} s."));
        }

        throw new BedException(_explain("The console ended without the awaited line."));
    }

    /// <summary>
    /// Waits for a line that contains <paramref name="text"/>, as <see cref="WaitForLineAsync(Predicate{string}, TimeSpan?, CancellationToken)"/>
    /// does.
    /// </summary>
    public Task<string> WaitForLineAsync(string text, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        WaitForLineAsync(line => line.Contains(text, StringComparison.Ordinal), timeout, cancellationToken);

    /// <summary>Waits for a line that matches, as <see cref="WaitForLineAsync(Predicate{string}, TimeSpan?, CancellationToken)"/> does.</summary>
    public Task<string> WaitForLineAsync(Regex expression, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        WaitForLineAsync(expression.IsMatch, timeout, cancellationToken);

    /// <summary>Takes the next bytes from the guest.</summary>
    internal void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            _raw.Append(bytes);
            while (!bytes.IsEmpty)
            {
                // A CR waits until it is known whether an LF follows.
                if (_carriageReturn)
                {
                    _carriageReturn = false;
                    if (bytes[0] != '\n')
                        _decoded.Append("\r"u8);
                }

                int end = bytes.IndexOf((byte)'\r');
                _decoded.Append(end < 0 ? bytes : bytes[..end]);
                _carriageReturn = end >= 0;
                bytes = end < 0 ? default : bytes[(end + 1)..];
            }

            Notify();
        }
    }

    /// <summary>Takes note that nothing more comes.</summary>
    internal void Complete()
    {
        lock (_lock)
        {
            if (_carriageReturn)
                _decoded.Append("\r"u8);
            _carriageReturn = false;
            _complete = true;
            Notify();
        }
    }

    private (ReadOnlyMemory<byte> Bytes, bool Complete, Task Change) State()
    {
        lock (_lock)
            return (_decoded.Memory, _complete, _change.Task);
    }

    private void Notify()
    {
        TaskCompletionSource change = _change;
        _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
        change.SetResult();
    }

    /// <summary>Bytes that are only ever added to, so what was handed out stays as it is.</summary>
    private struct GrowingBytes
    {
        private byte[]? _buffer;
        private int _length;

        public readonly ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, _length);

        public void Append(ReadOnlySpan<byte> bytes)
        {
            if ((_buffer?.Length ?? 0) - _length < bytes.Length)
                Array.Resize(ref _buffer, Math.Max(4096, Math.Max(_length * 2, _length + bytes.Length)));
            bytes.CopyTo(_buffer.AsSpan(_length));
            _length += bytes.Length;
        }
    }
}
