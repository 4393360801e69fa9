// Splits the text of an xl.cfg(5) file into settings.

using System.Text;

namespace Xenolith.Sdk.Toolstack;

/// <summary>A reader of xl's configuration files: one position in a text.</summary>
internal ref struct XlParser
{
    private ReadOnlySpan<char> _rest;

    private XlParser(ReadOnlySpan<char> text) => _rest = text;

    /// <summary>Every setting's values: one for a number or string, any count for a list. A later setting replaces an earlier one.</summary>
    internal static Dictionary<string, IReadOnlyList<string>> Parse(string text)
    {
        Dictionary<string, IReadOnlyList<string>> settings = new(StringComparer.Ordinal);
        XlParser parser = new(text);
        while (parser.SkipBlank(lineBreaks: true))
        {
            string name = parser.Word();
            if (name.Length == 0 || !parser.Take('='))
                throw new FormatException($"`{parser.Line()}` is not a setting");
            settings[name] = parser.Value();
            if (parser.SkipBlank(lineBreaks: false) && !parser.Take(';') && !parser.Take('\n'))
                throw new FormatException($"`{parser.Line()}` is left over after the value of {name}");
        }
        return settings;
    }

    private List<string> Value()
    {
        if (!Take('['))
            return [Scalar()];
        List<string> values = [];
        while (SkipBlank(lineBreaks: true) && !Take(']'))
        {
            values.Add(Scalar());
            SkipBlank(lineBreaks: true);
            if (!Take(',') && (_rest.IsEmpty || _rest[0] != ']'))
                throw new FormatException("a list has no end");
        }
        return values;
    }

    private string Scalar()
    {
        SkipBlank(lineBreaks: false);
        if (!_rest.IsEmpty && _rest[0] is '"' or '\'')
            return Quoted();
        string word = Word();
        return word.Length != 0 ? word : throw new FormatException($"`{Line()}` is not a value");
    }

    private string Quoted()
    {
        char quote = _rest[0];
        StringBuilder value = new();
        for (int i = 1; i < _rest.Length; i++)
        {
            if (_rest[i] == quote)
            {
                _rest = _rest[(i + 1)..];
                return value.ToString();
            }
            if (_rest[i] == '\\' && i + 1 < _rest.Length)
                i++;
            value.Append(_rest[i]);
        }
        throw new FormatException("a string has no end");
    }

    private string Word()
    {
        int length = 0;
        while (length < _rest.Length && (char.IsAsciiLetterOrDigit(_rest[length]) || _rest[length] is '_' or '-'))
            length++;
        string word = _rest[..length].ToString();
        _rest = _rest[length..];
        return word;
    }

    private bool Take(char expected)
    {
        SkipBlank(lineBreaks: false);
        if (_rest.IsEmpty || _rest[0] != expected)
            return false;
        _rest = _rest[1..];
        return true;
    }

    /// <summary>Passes over blanks and comments; whether anything is left.</summary>
    private bool SkipBlank(bool lineBreaks)
    {
        while (!_rest.IsEmpty)
        {
            if (_rest[0] == '#')
                _rest = _rest.IndexOf('\n') is int end and >= 0 ? _rest[end..] : [];
            else if (_rest[0] is ' ' or '\t' or '\r' || (lineBreaks && _rest[0] is '\n' or ';'))
                _rest = _rest[1..];
            else
                return true;
        }
        return false;
    }

    private readonly string Line() => (_rest.IndexOf('\n') is int end and >= 0 ? _rest[..end] : _rest).ToString().Trim();
}
