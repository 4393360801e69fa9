using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Xenolith.Hosting.Logging;

/// <summary>
/// Writes log entries to a console, one line each; an exception follows on lines of its own, indented. Control characters are escaped, so that no
/// entry can look like another or steer the terminal of its reader.
/// </summary>
/// <remarks>
/// <para>An entry is one write, made before the call that logs returns. Writers on several threads wait for one another; a console whose reader does
/// not keep up holds them. A console that fails loses entries and does nothing else.</para>
/// <para>The format: <c>warn: Shop.Orders[12] Order 7 is late</c>, with the event's number if it has one.</para>
/// </remarks>
[ProviderAlias("XenConsole")]
public sealed class XenConsoleLoggerProvider : ILoggerProvider, ISupportExternalScope
{
    private readonly Stream _output;
    private readonly XenConsoleLoggerOptions _options;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, XenConsoleLogger> _loggers = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly LogEntryBuffer _buffer = new();

    /// <summary>Creates a provider.</summary>
    /// <param name="output">The console; not disposed of. Its writes go out at once.</param>
    /// <param name="options">The format; <see langword="null"/> for the defaults. Read at each entry.</param>
    /// <param name="time">The clock of the entries' times; <see langword="null"/> for the system's.</param>
    public XenConsoleLoggerProvider(Stream output, XenConsoleLoggerOptions? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        _output = output;
        _options = options ?? new XenConsoleLoggerOptions();
        _time = time ?? TimeProvider.System;
    }

    /// <summary>The scopes to include; <see langword="null"/> for none.</summary>
    internal IExternalScopeProvider? Scopes => _options.IncludeScopes ? ScopeProvider : null;

    internal IExternalScopeProvider? ScopeProvider { get; private set; }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => _loggers.GetOrAdd(categoryName, static (name, provider) => new XenConsoleLogger(provider, name), this);

    /// <inheritdoc/>
    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => ScopeProvider = scopeProvider;

    /// <summary>Does nothing: no entry is kept back.</summary>
    public void Dispose()
    {
    }

    /// <summary>Writes an entry. Its texts are complete: nothing of the program runs within.</summary>
    internal void Write(LogLevel level, string category, int eventId, string? scopes, string message, string? exception)
    {
        lock (_lock)
        {
            _buffer.Clear();
            if (_options.TimestampFormat is string format)
                _buffer.Append(_time.GetUtcNow().ToString(format, CultureInfo.InvariantCulture));
            _buffer.AppendLevel(level, _options.UseColor);
            _buffer.Append(category);
            if (eventId != 0)
                _buffer.AppendEventId(eventId);
            if (scopes is not null)
                _buffer.Append(scopes);
            _buffer.Append(" ");
            _buffer.Append(message);
            _buffer.EndLine();
            if (exception is not null)
                _buffer.AppendIndented(exception);
            try
            {
                _output.Write(_buffer.Written);
                _output.Flush();
            }
            catch (IOException)
            {
                // Whoever logs has something else to do than to care for the console.
            }
        }
    }
}
