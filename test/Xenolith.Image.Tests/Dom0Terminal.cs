using System.Text;
using System.Threading.Channels;

namespace Xenolith.Image.Tests;

/// <summary>A shell on a terminal of dom0, at which a test types.</summary>
internal sealed class Dom0Terminal : IAsyncDisposable
{
    /// <summary>Control-C, as a keyboard sends it.</summary>
    internal const string Interrupt = "\x03";

    private readonly Keyboard _keyboard = new();
    private readonly Screen _screen = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Task _shell;

    internal Dom0Terminal(TestBed bed) =>
        _shell = bed.RunInteractiveAsync("/bin/sh", _keyboard, _screen, columns: 200, cancellationToken: _end.Token);

    internal void Type(string text) => _keyboard.Type(text);

    /// <summary>Waits until the terminal shows something new.</summary>
    /// <returns>What it has shown since the last such wait, up to and with that.</returns>
    internal Task<string> WaitForAsync(string text) => _screen.WaitForAsync(text);

    /// <summary>Ends the shell, and what it runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _shell.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private sealed class Keyboard : MemoryStream
    {
        private readonly Channel<string> _typed = Channel.CreateUnbounded<string>();

        internal void Type(string text) => _typed.Writer.TryWrite(text);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Encoding.UTF8.GetBytes(await _typed.Reader.ReadAsync(cancellationToken), buffer.Span);
    }

    private sealed class Screen : MemoryStream
    {
        private readonly StringBuilder _new = new();
        private readonly SemaphoreSlim _changed = new(0);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            lock (_new)
                _new.Append(Encoding.UTF8.GetString(buffer.Span));
            _changed.Release();
            return ValueTask.CompletedTask;
        }

        internal async Task<string> WaitForAsync(string text)
        {
            TimeSpan patience = TimeSpan.FromMinutes(3);
            while (true)
            {
                string shown;
                lock (_new)
                {
                    shown = _new.ToString();
                    int end = shown.IndexOf(text, StringComparison.Ordinal) + text.Length;
                    if (end >= text.Length)
                    {
                        _new.Remove(0, end);
                        return shown[..end];
                    }
                }
                Assert.True(await _changed.WaitAsync(patience, TestContext.Current.CancellationToken), $"'{text}' is not in '{shown}'");
            }
        }
    }
}
