// How a tool in another domain reads this domain's trace (docs/tracing.md, "The protocol").

using System.Globalization;
using Xenolith.Abi;
using Xenolith.Grants;
using Xenolith.Rings;

namespace Xenolith.Tracing;

/// <summary>What both ends of a trace have to agree on: nodes in xenstore, what is in them, and the layout of the pages.</summary>
/// <remarks>
/// <code>
/// data/xenolith/trace/offer              "1": the domain answers requests of this version
/// data/xenolith/trace/requests/ID        tool: "request 1 CATEGORIES RECORDS PAGES"    domain: "serving REFERENCE PORT" or "refused WHY"
///
/// page 0  byte    0  magic, version, PAGES, bytes of a record                four numbers of 32 bits
///                64  consumer index; byte 68: see ReaderThere                the tool writes these
///               128  producer index; byte 132: 1 when nothing more comes     the domain writes these
///               256  the references of pages 1 to PAGES
/// pages 1 to PAGES   the bytes of the records, as one ring
/// </code>
/// Each end writes to cache lines of its own.
/// </remarks>
internal static class TraceProtocol
{
    internal const int Version = 1;
    internal const string Folder = "data/xenolith/trace", Offer = $"{Folder}/offer", Requests = $"{Folder}/requests";

    /// <summary>Pages of records, at most: their references fit into page 0.</summary>
    internal const int MaximumPages = 256;

    internal const int ReaderThere = 68, WriterEnded = 132;

    /// <summary>
    /// What the byte at <see cref="ReaderThere"/> is: the domain begins with <see cref="Awaited"/>, the tool writes <see cref="There"/> and
    /// <see cref="WantsTheEnd"/>, and <see cref="Gone"/> is what Xen clears it to when the tool lets go of the page, however that comes about. So one
    /// that was there for a moment only is told from one that never came.
    /// </summary>
    internal const byte Gone = 0, There = 1, WantsTheEnd = 2, Awaited = 3;

    private const uint Magic = 0x52544C58; // "XLTR"
    private const int Consumer = 64, Producer = 128, References = 256;
    private const int MaximumIdLength = 40;

    internal static ByteRingLayout Ring(int pages) => new(SharedMemory.PageSize, pages * SharedMemory.PageSize, Consumer, Producer);

    /// <summary>Whether a node below <see cref="Requests"/> has a name that a tool would give it.</summary>
    internal static bool IsId(string name) => name.Length is > 0 and <= MaximumIdLength && name.All(char.IsAsciiLetterOrDigit);

    internal static bool ArePages(uint pages) => pages is > 0 and <= MaximumPages && (pages & (pages - 1)) == 0;

    internal static void WriteHeader(Span<byte> page, ReadOnlySpan<uint> references)
    {
        ReadOnlySpan<uint> numbers = [Magic, Version, (uint)references.Length, TraceRecord.Bytes];
        numbers.CopyTo(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(page));
        references.CopyTo(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(page[References..]));
        page[ReaderThere] = Awaited;
    }

    /// <summary>Copies page 0 and reads the references of the others from the copy.</summary>
    /// <exception cref="RingProtocolException">It is none, or one of another version.</exception>
    internal static uint[] ReadHeader(ReadOnlySpan<byte> shared)
    {
        ReadOnlySpan<byte> page = shared[..SharedMemory.PageSize].ToArray();
        ReadOnlySpan<uint> numbers = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(page);
        if (numbers[0] != Magic || numbers[1] != Version || !ArePages(numbers[2]) || numbers[3] != TraceRecord.Bytes)
            throw new RingProtocolException("The first page of the trace is not what it should be.");
        return numbers.Slice(References / sizeof(uint), (int)numbers[2]).ToArray();
    }
}

/// <summary>What a tool asks for.</summary>
/// <param name="Categories">Bits of <see cref="TraceCategory"/>.</param>
/// <param name="Records">Records that the domain keeps for the tool to fetch.</param>
/// <param name="Pages">Pages through which it fetches them, a power of two.</param>
internal readonly record struct TraceRequest(uint Categories, uint Records, uint Pages)
{
    internal const string Word = "request";

    internal string Format() =>
        string.Create(CultureInfo.InvariantCulture, $"{Word} {TraceProtocol.Version} {Categories} {Records} {Pages}");

    /// <summary>Reads a request.</summary>
    /// <param name="text">The node's value.</param>
    /// <param name="request">What is asked for; nothing of it is checked but that it is numbers.</param>
    /// <returns>Why it cannot be served: <see cref="TraceRefusal.None"/> if it can be read.</returns>
    internal static TraceRefusal Parse(string text, out TraceRequest request)
    {
        request = default;
        string[] words = text.Split(' ', 7);
        if (words is not [Word, string version, ..] || !TraceAnswer.TryParse(version, out uint number))
            return TraceRefusal.Malformed;
        if (number != TraceProtocol.Version)
            return TraceRefusal.Version;
        if (words.Length != 5 || !TraceAnswer.TryParse(words[2], out uint categories) || !TraceAnswer.TryParse(words[3], out uint records)
            || !TraceAnswer.TryParse(words[4], out uint pages))
        {
            return TraceRefusal.Malformed;
        }
        request = new TraceRequest(categories, records, pages);
        return TraceRefusal.None;
    }
}

/// <summary>Why a domain does not serve a request; its name in lower case goes over xenstore.</summary>
internal enum TraceRefusal
{
    None,

    /// <summary>There is a trace already.</summary>
    Busy,

    /// <summary>The domain knows other versions of the protocol.</summary>
    Version,

    /// <summary>It cannot be read.</summary>
    Malformed,

    /// <summary>It asks for too little or too much.</summary>
    Limits,

    /// <summary>Nothing of what is asked for can be traced there.</summary>
    Unsupported,

    /// <summary>The domain has no memory, grants or ports for it.</summary>
    Resources,
}

/// <summary>What a domain answers.</summary>
/// <param name="Reference">The grant of page 0.</param>
/// <param name="Port">The event channel.</param>
/// <param name="Refusal">Why not, if it does not serve the request.</param>
internal readonly record struct TraceAnswer(uint Reference, uint Port, TraceRefusal Refusal = TraceRefusal.None)
{
    private const string Serving = "serving", Refused = "refused";

    internal string Format() => Refusal == TraceRefusal.None
        ? string.Create(CultureInfo.InvariantCulture, $"{Serving} {Reference} {Port}")
        : $"{Refused} {Refusal.ToString().ToLowerInvariant()}";

    /// <summary>Reads an answer.</summary>
    /// <returns><see langword="null"/> if it is none.</returns>
    internal static TraceAnswer? Parse(string text) => text.Split(' ', 4) switch
    {
        [Serving, string reference, string port] when TryParse(reference, out uint number) && TryParse(port, out uint channel) => new TraceAnswer(number, channel),
        [Refused, string why] => new TraceAnswer(0, 0, Enum.TryParse(why, ignoreCase: true, out TraceRefusal refusal) && Enum.IsDefined(refusal) && refusal != 0 ? refusal : TraceRefusal.Unsupported),
        _ => null,
    };

    internal static bool TryParse(string text, out uint number) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
