using System.Buffers.Binary;
using System.Text;
using Xenolith.Abi;

namespace Xenolith.Perfetto;

/// <summary>Puts names together from the records that tell them.</summary>
internal sealed class NameTable
{
    private const int Most = 65_536, LongestText = 128, BytesPerRecord = sizeof(ulong);

    private readonly Dictionary<uint, string> _names = [], _threads = [];
    private readonly byte[] _text = new byte[LongestText];
    private TraceRecord _head; // of the name that is being told
    private int _next; // where the next bytes belong

    /// <summary>A name of the program's.</summary>
    internal string Get(uint id) => _names.TryGetValue(id, out string? name) ? name : $"name {id}";

    /// <summary>A thread's name; <see langword="null"/> if it is not known.</summary>
    internal string? GetThread(uint thread) => _threads.GetValueOrDefault(thread);

    internal void ForgetThread(uint thread) => _threads.Remove(thread);

    /// <summary>Takes a <see cref="TraceKind.Name"/>, <see cref="TraceKind.ThreadName"/> or <see cref="TraceKind.NameText"/>.</summary>
    /// <param name="record">The record.</param>
    /// <param name="isThread">Whether a thread's name is complete now.</param>
    /// <returns>False if it makes no sense.</returns>
    internal bool Add(in TraceRecord record, out bool isThread)
    {
        isThread = false;
        if (record.Kind != TraceKind.NameText)
        {
            if (record.Count is 0 or > LongestText)
                return false;
            (_head, _next) = (record, 0);
        }
        else if (_next == 0 || record.Count != _next || record.Detail != _head.Detail)
        {
            return false;
        }
        BinaryPrimitives.WriteUInt64LittleEndian(_text.AsSpan(_next), record.Value);
        _next += BytesPerRecord;
        if (_next < _head.Count)
            return true;
        _next = 0;
        isThread = _head.Kind == TraceKind.ThreadName;
        Dictionary<uint, string> names = isThread ? _threads : _names;
        if (names.Count == Most && !names.ContainsKey(_head.Detail))
            return false;
        names[_head.Detail] = Encoding.UTF8.GetString(_text, 0, _head.Count);
        return true;
    }
}
