using System.Text;
using Microsoft.Extensions.Logging;

namespace Xenolith.Hosting.Logging;

/// <summary>The logger of one category. Turns an entry into text, which may run code of the program, and hands it to the provider.</summary>
internal sealed class XenConsoleLogger(XenConsoleLoggerProvider provider, string category) : ILogger
{
    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => provider.ScopeProvider?.Push(state);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        if (!IsEnabled(logLevel))
            return;
        provider.Write(logLevel, category, eventId.Id, FormatScopes(), formatter(state, exception), exception?.ToString());
    }

    private string? FormatScopes()
    {
        if (provider.Scopes is not IExternalScopeProvider scopes)
            return null;
        StringBuilder text = new();
        scopes.ForEachScope(static (scope, text) => text.Append(" => ").Append(scope), text);
        return text.ToString();
    }
}
