using System.Runtime.CompilerServices;
using System.Text;
using Xenolith.Abi;

namespace Xenolith.Tracing;

/// <summary>
/// The name of something that the program records: made once by <see cref="DomainTracing.GetName"/>, kept in a field, used often.
/// <see cref="Begin"/> and <see cref="End"/> enclose what one thread does, <see cref="Instant"/> is a moment, <see cref="Counter"/> a number that
/// changes.
/// </summary>
/// <remarks>
/// Safe from any thread. Without a trace, each of these reads one field and returns; none allocates or waits, with a trace or without. Their figures
/// are in docs/tracing.md.
/// </remarks>
public sealed class TraceName
{
    /// <summary>Longest text, in bytes of UTF-8; longer ones are cut.</summary>
    public const int MaxBytes = 128;

    private const int BytesPerRecord = sizeof(ulong);

    private readonly DomainTracing _tracing;

    internal TraceName(DomainTracing tracing, uint id, string text)
    {
        _tracing = tracing;
        Id = id;
        Text = text;
    }

    /// <summary>Its number in records' <see cref="TraceRecord.Detail"/>.</summary>
    public uint Id { get; }

    /// <summary>Its text.</summary>
    public string Text { get; }

    /// <summary>Whether a trace records what the program does: to spare the work for a value that is only for the trace.</summary>
    public bool IsOn => _tracing.IsOn(TraceCategories.User);

    /// <summary>The calling thread begins something.</summary>
    /// <param name="value">A number for the reader of the trace.</param>
    public void Begin(long value = 0)
    {
        if (IsOn)
            Write(TraceKind.UserBegin, value);
    }

    /// <summary>The calling thread ends what it last began under this name.</summary>
    /// <param name="value">A number for the reader of the trace.</param>
    public void End(long value = 0)
    {
        if (IsOn)
            Write(TraceKind.UserEnd, value);
    }

    /// <summary>Something happened.</summary>
    /// <param name="value">A number for the reader of the trace.</param>
    public void Instant(long value = 0)
    {
        if (IsOn)
            Write(TraceKind.UserInstant, value);
    }

    /// <summary>A number has a new value.</summary>
    /// <param name="value">The value.</param>
    public void Counter(long value)
    {
        if (IsOn)
            Write(TraceKind.UserCounter, value);
    }

    /// <summary>Something begins that other threads may go on with or end, as an asynchronous method does.</summary>
    /// <param name="id">Tells it from others of the same name that are under way.</param>
    public void BeginAsync(long id)
    {
        if (IsOn)
            Write(TraceKind.UserAsyncBegin, id);
    }

    /// <summary>What began with the same number ends.</summary>
    /// <param name="id">The number.</param>
    public void EndAsync(long id)
    {
        if (IsOn)
            Write(TraceKind.UserAsyncEnd, id);
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>The records that tell a reader a text.</summary>
    internal static void Describe(ushort kind, uint id, uint thread, string text, Queue<TraceRecord> records)
    {
        Span<byte> bytes = stackalloc byte[MaxBytes];
        Encoding.UTF8.GetEncoder().Convert(text, bytes, flush: false, out _, out int length, out _); // as many whole characters as there is room for
        for (int offset = 0; offset == 0 || offset < length; offset += BytesPerRecord)
        {
            records.Enqueue(new TraceRecord
            {
                Kind = offset == 0 ? kind : TraceKind.NameText,
                Count = (ushort)(offset == 0 ? length : offset),
                Thread = thread,
                Detail = id,
                Value = Pack(bytes[offset..Math.Min(length, offset + BytesPerRecord)]),
            });
        }
    }

    private static ulong Pack(ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int i = 0; i < bytes.Length; i++)
            value |= (ulong)bytes[i] << (i * 8);
        return value;
    }

    // Apart, so that the look at the field that comes before it becomes part of the caller.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Write(ushort kind, long value) => _tracing.Write(kind, 0, Id, (ulong)value);
}
