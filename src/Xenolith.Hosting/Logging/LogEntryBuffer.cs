using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Xenolith.Hosting.Logging;

/// <summary>An entry as UTF-8, in memory that is used again for the next. Not safe for several threads at once.</summary>
internal sealed class LogEntryBuffer
{
    // Beyond it, as after an exception with a long story, the memory is given back.
    private const int KeptCapacity = 16 << 10;

    private const int NumberLength = 11; // "-2147483648"

    // C0 but for the tab, DEL and C1, which a terminal obeys in UTF-8 too.
    private static readonly SearchValues<char> s_control = SearchValues.Create(
        [.. Enumerable.Range(0, 0xA0).Where(c => c is (< 0x20 or >= 0x7F) and not '\t').Select(c => (char)c)]);

    private ArrayBufferWriter<byte> _bytes = new(1024);

    internal ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    internal void Clear()
    {
        if (_bytes.Capacity > KeptCapacity)
            _bytes = new ArrayBufferWriter<byte>(1024);
        else
            _bytes.ResetWrittenCount();
    }

    /// <summary>The level's four letters and a colon.</summary>
    internal void AppendLevel(LogLevel level, bool color)
    {
        ReadOnlySpan<byte> name = level switch
        {
            LogLevel.Trace => "trce"u8,
            LogLevel.Debug => "dbug"u8,
            LogLevel.Information => "info"u8,
            LogLevel.Warning => "warn"u8,
            LogLevel.Error => "fail"u8,
            _ => "crit"u8,
        };
        if (color)
            _bytes.Write(Color(level));
        _bytes.Write(name);
        if (color)
            _bytes.Write("\e[0m"u8);
        _bytes.Write(": "u8);
    }

    internal void AppendEventId(int id)
    {
        _bytes.Write("["u8);
        Utf8Formatter.TryFormat(id, _bytes.GetSpan(NumberLength), out int length);
        _bytes.Advance(length);
        _bytes.Write("]"u8);
    }

    /// <summary>Text on the line, control characters as <c>\n</c> or <c>\x1b</c>.</summary>
    internal void Append(ReadOnlySpan<char> text)
    {
        while (true)
        {
            int control = text.IndexOfAny(s_control);
            Encoding.UTF8.GetBytes(control < 0 ? text : text[..control], _bytes);
            if (control < 0)
                return;
            AppendEscaped(text[control]);
            text = text[(control + 1)..];
        }
    }

    internal void EndLine() => _bytes.Write("\n"u8);

    /// <summary>Text of several lines, each indented.</summary>
    internal void AppendIndented(ReadOnlySpan<char> text)
    {
        foreach (ReadOnlySpan<char> line in text.EnumerateLines())
        {
            _bytes.Write("      "u8);
            Append(line);
            EndLine();
        }
    }

    private static ReadOnlySpan<byte> Color(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "\e[37m"u8,
        LogLevel.Information => "\e[32m"u8,
        LogLevel.Warning => "\e[33m"u8,
        LogLevel.Error => "\e[31m"u8,
        _ => "\e[1;31m"u8,
    };

    private void AppendEscaped(char control)
    {
        switch (control)
        {
            case '\n':
                _bytes.Write("\\n"u8);
                break;
            case '\r':
                _bytes.Write("\\r"u8);
                break;
            default:
                _bytes.Write("\\x"u8);
                Utf8Formatter.TryFormat((byte)control, _bytes.GetSpan(2), out int length, new StandardFormat('x', 2));
                _bytes.Advance(length);
                break;
        }
    }
}
