// The kernel ends a console with the line `xenolith: exit code N` when N is not 0. It is a message to this tool and not part of the
// program's output, so it is held back; all other bytes go on at once, unchanged.

using System.Buffers.Text;

namespace Xenolith.Cli.Running;

/// <summary>Passes a guest's console on to a stream without the line about its exit code. For one thread at a time.</summary>
internal sealed class ExitLineFilter(Stream output)
{
    private const int LongestNumber = 11;

    // What has been received since the start of a line and may yet turn out to be the exit code's line.
    private readonly byte[] _held = new byte[Prefix.Length + LongestNumber + 1];
    private int _heldLength;
    private bool _atLineStart = true;

    private static ReadOnlySpan<byte> Prefix => "xenolith: exit code "u8;

    /// <summary>Passes bytes on, but for those that may be part of the exit code's line, which wait for more.</summary>
    internal void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_heldLength != 0 || (_atLineStart && bytes[0] == Prefix[0]))
            {
                if (TryHold(bytes[0]))
                    bytes = bytes[1..];
                else
                    Release();
                continue;
            }
            int end = bytes.IndexOf((byte)'\n');
            int length = end < 0 ? bytes.Length : end + 1;
            output.Write(bytes[..length]);
            _atLineStart = end >= 0;
            bytes = bytes[length..];
        }
        output.Flush();
    }

    /// <summary>Ends the output: drops a last line that tells this exit code, and passes on anything else that was held.</summary>
    /// <param name="exitCode">The exit code as it is known from elsewhere; null when it is not.</param>
    internal void Complete(int? exitCode)
    {
        ReadOnlySpan<byte> line = _held.AsSpan(0, _heldLength);
        bool isExitLine = line.StartsWith(Prefix)
            && Utf8Parser.TryParse(line[Prefix.Length..], out int number, out int length)
            && line[(Prefix.Length + length)..].SequenceEqual("\n"u8)
            && (exitCode is null || exitCode == number);
        if (!isExitLine)
            Release();
        output.Flush();
    }

    /// <summary>Holds one more byte, if with it the line can still be the exit code's.</summary>
    private bool TryHold(byte next)
    {
        bool fits = _heldLength < Prefix.Length
            ? next == Prefix[_heldLength]
            : _held[_heldLength - 1] != '\n' && _heldLength < _held.Length
                && (next is >= (byte)'0' and <= (byte)'9' || (next == '-' && _heldLength == Prefix.Length) || (next == '\n' && _heldLength > Prefix.Length));
        if (fits)
            _held[_heldLength++] = next;
        return fits;
    }

    private void Release()
    {
        output.Write(_held.AsSpan(0, _heldLength));
        _atLineStart = _heldLength != 0 && _held[_heldLength - 1] == '\n';
        _heldLength = 0;
    }
}
