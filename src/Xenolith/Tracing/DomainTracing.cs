using System.Collections.Concurrent;
using Xenolith.Abi;

namespace Xenolith.Tracing;

/// <summary>
/// Traces of the domain: what the kernel, the libraries and the program did, event by event, with times (docs/tracing.md). One trace at a time;
/// without one, what could be recorded costs a look at one field.
/// </summary>
/// <remarks>Safe from any thread.</remarks>
/// <example>
/// <code>
/// using TraceSession session = XenPlatform.Current.Tracing.Start();
/// await WorkAsync();
/// session.Stop();
/// TraceRecord[] records = new TraceRecord[1024];
/// for (int count; (count = session.Read(records)) > 0;)
///     Write(records.AsSpan(0, count));
/// </code>
/// </example>
public sealed class DomainTracing
{
    private const int NamesMaximum = 4096;
    private const string OtherNames = "(more names than a trace has room for)";

    private readonly XenPlatform _platform;
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, TraceName> _names = new(StringComparer.Ordinal);
    private TraceName?[] _namesById = new TraceName?[64]; // replaced as a whole when it grows
    private int _nameCount;
    private TraceOperations? _operations;
    private TraceSession? _session;
    private volatile TraceCategories _listening; // what the libraries are to write: none without a trace

    internal DomainTracing(XenPlatform platform) => _platform = platform;

    /// <summary>Whether there is a trace.</summary>
    public bool IsRunning
    {
        get
        {
            lock (_lock)
                return _session is not null;
        }
    }

    /// <summary>What can be recorded in this place: everything in a unikernel, what the libraries do in others.</summary>
    public TraceCategories Supported => Operations.Supported;

    /// <summary>Begins a trace. Dispose of the session to end it.</summary>
    /// <param name="options">Size and contents; <see langword="null"/> for the defaults. Categories that are not <see cref="Supported"/> are left
    /// out.</param>
    /// <exception cref="InvalidOperationException">There is a trace already (<see cref="IsRunning"/>), perhaps one that was started from
    /// outside.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The ring is too small or too large.</exception>
    /// <exception cref="XenException">There is no memory for the ring.</exception>
    public TraceSession Start(TraceSessionOptions? options = null)
    {
        options ??= TraceSessionOptions.Default;
        uint records = options.RoundedCount;
        TraceOperations operations = Operations;
        TraceCategories categories = options.Categories & operations.Supported;
        lock (_lock)
        {
            if (_session is not null)
                throw new InvalidOperationException("The domain is being traced already. A domain has one trace at a time: end the other first.");
            XenException.ThrowIfError(operations.Start(records, categories, out TraceRing? ring), $"trace into a ring of {records} records");
            _session = new TraceSession(_platform, this, operations, ring!, categories);
            _listening = categories & ~operations.Own;
            return _session;
        }
    }

    /// <summary>
    /// From now on a tool in dom0 can trace the domain (<c>xenolith trace</c>), until the result is disposed of. Costs one watch in xenstore while
    /// none does.
    /// </summary>
    /// <param name="options">Limits, and who may read; <see langword="null"/> for the defaults: dom0.</param>
    /// <param name="cancellationToken">Gives up before that has begun.</param>
    /// <exception cref="Xenstore.XenstoreException">xenstored cannot be reached, or refuses the nodes or the watch.</exception>
    /// <exception cref="PlatformNotSupportedException">The domain has no xenstore.</exception>
    public Task<TraceService> AllowRemoteAsync(TraceServiceOptions? options = null, CancellationToken cancellationToken = default) =>
        TraceService.StartAsync(_platform, options, cancellationToken);

    /// <summary>
    /// The name with a text, the same object for the same text. It stays until the end of the program: names are for kinds of things, not for each
    /// thing.
    /// </summary>
    /// <param name="text">Up to 128 bytes of UTF-8; a longer one is cut in the trace. After 4096 different ones all others share one name.</param>
    /// <exception cref="ArgumentException">The text is empty.</exception>
    public TraceName GetName(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        if (_names.TryGetValue(text, out TraceName? name))
            return name;
        lock (_lock)
        {
            if (_nameCount >= NamesMaximum - 1)
                text = OtherNames;
            if (_names.TryGetValue(text, out name))
                return name;
            if (_nameCount == _namesById.Length)
                Array.Resize(ref _namesById, _nameCount * 2);
            name = new TraceName(this, (uint)_nameCount, text);
            _namesById[_nameCount++] = name;
            _names[text] = name;
            return name;
        }
    }

    private TraceOperations Operations
    {
        get
        {
            if (Volatile.Read(ref _operations) is { } operations)
                return operations;
            lock (_lock)
                return _operations ??= _platform.CreateTraceOperations();
        }
    }

    /// <summary>Whether the libraries are to record something. The look at one field that tracing costs when it is off.</summary>
    internal bool IsOn(TraceCategories category) => (_listening & category) != 0;

    /// <summary>Records something, after a look at <see cref="IsOn"/>. Does not allocate.</summary>
    internal void Write(ushort kind, uint count, uint detail, ulong value) => _operations?.Write(kind, count, detail, value);

    internal TraceName? FindName(uint id)
    {
        TraceName?[] names = Volatile.Read(ref _namesById);
        return id < names.Length ? names[id] : null;
    }

    /// <summary>The libraries record no more.</summary>
    internal void StopListening() => _listening = TraceCategories.None;

    /// <summary>The session has given up its ring.</summary>
    internal void Forget(TraceSession session)
    {
        lock (_lock)
        {
            if (_session == session)
                _session = null;
        }
    }
}
