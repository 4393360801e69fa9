using System.Text;
using Xenolith.Abi;

namespace Xenolith.Tracing;

/// <summary>Puts the names together that a trace's records tell piece by piece.</summary>
/// <remarks>For one thread. Takes records from anywhere: those that make no sense are left out.</remarks>
public sealed class TraceNames
{
    private readonly Dictionary<uint, string> _names = [], _threads = [];
    private readonly byte[] _bytes = new byte[TraceName.MaxBytes];
    private Dictionary<uint, string>? _target; // of the name that is being told
    private uint _id;
    private int _length, _known;

    /// <summary>Looks at a record.</summary>
    /// <returns>True if it told (a part of) a name; such a record says nothing else.</returns>
    public bool Add(in TraceRecord record)
    {
        switch (record.Kind)
        {
            case TraceKind.Name or TraceKind.ThreadName:
                _target = record.Count is > 0 and <= TraceName.MaxBytes ? record.Kind == TraceKind.Name ? _names : _threads : null;
                (_id, _length, _known) = (record.Detail, record.Count, 0);
                Append(record.Value);
                return true;
            case TraceKind.NameText:
                if (record.Detail != _id || record.Count != _known)
                    _target = null; // a part is missing
                Append(record.Value);
                return true;
            default:
                return false;
        }
    }

    /// <summary>The text with a number, as in records of the program's own; <see langword="null"/> if it has not been told.</summary>
    public string? Find(uint id) => _names.GetValueOrDefault(id);

    /// <summary>The name of a thread; <see langword="null"/> if it has not been told.</summary>
    public string? FindThread(uint thread) => _threads.GetValueOrDefault(thread);

    private void Append(ulong value)
    {
        if (_target is null)
            return;
        for (int i = 0; i < sizeof(ulong) && _known < _length; i++, value >>= 8)
            _bytes[_known++] = (byte)value;
        if (_known < _length)
            return;
        _target[_id] = Encoding.UTF8.GetString(_bytes, 0, _length);
        _target = null;
    }
}
