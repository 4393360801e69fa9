using System.Text;
using Microsoft.Extensions.Logging;
using Xenolith.Hosting.Logging;
using Xenolith.Simulation;

namespace Xenolith.Hosting.Tests;

/// <summary>What a log entry looks like on the console.</summary>
public sealed partial class LogFormatTests
{
    [Fact]
    public void An_entry_is_a_line_with_level_category_event_number_and_message() => Assert.Equal(
        "warn: Shop.Orders[12] Order 7 is late\n",
        Logged(logger => logger.Log(LogLevel.Warning, new EventId(12, "Late"), "Order {Order} is late", 7)));

    [Fact]
    public void An_entry_without_an_event_number_shows_none() =>
        Assert.Equal("info: Shop.Orders open\n", Logged(logger => logger.Log(LogLevel.Information, "open")));

    [Theory]
    [InlineData(LogLevel.Trace, "trce")]
    [InlineData(LogLevel.Debug, "dbug")]
    [InlineData(LogLevel.Information, "info")]
    [InlineData(LogLevel.Warning, "warn")]
    [InlineData(LogLevel.Error, "fail")]
    [InlineData(LogLevel.Critical, "crit")]
    public void Every_level_has_four_letters(LogLevel level, string letters) =>
        Assert.Equal($"{letters}: Shop.Orders x\n", Logged(logger => logger.Log(level, "x")));

    [Fact]
    public void Generated_logging_methods_write_the_same() => Assert.Equal(
        "fail: Shop.Orders[3] Order 9 has -4 items\n", Logged(logger => LogItems(logger, 9, -4)));

    [Fact]
    public void An_exception_follows_on_lines_of_its_own_with_the_inner_ones()
    {
        InvalidOperationException inner = new("first\nsecond");
        string[] lines = Logged(logger => logger.Log(LogLevel.Error, new IOException("outer", inner), "failed")).Split('\n');
        Assert.Equal("fail: Shop.Orders failed", lines[0]);
        Assert.Equal("      System.IO.IOException: outer", lines[1]);
        Assert.Equal("       ---> System.InvalidOperationException: first", lines[2]);
        Assert.Equal("      second", lines[3]);
        Assert.All(lines[1..^1], line => Assert.StartsWith("      ", line));
        Assert.Equal("", lines[^1]);
    }

    [Theory]
    [InlineData("a\nwarn: Forged b", @"a\nwarn: Forged b")]
    [InlineData("a\r\nb", @"a\r\nb")]
    [InlineData("\u001b[31mred", @"\x1b[31mred")]
    [InlineData("\u009b2J\u007f", @"\x9b2J\x7f")]
    [InlineData("\0", @"\x00")]
    [InlineData("tab\tstays", "tab\tstays")]
    [InlineData("", "")]
    public void A_message_can_neither_forge_an_entry_nor_steer_a_terminal(string message, string shown) =>
        Assert.Equal($"info: Shop.Orders {shown}\n", Logged(logger => logger.Log(LogLevel.Information, "{Message}", message)));

    [Fact]
    public void An_exception_cannot_forge_an_entry_either() => Assert.Equal(
        "fail: Shop.Orders x\n      System.IO.IOException: a\n      warn: Forged \\x1bb\n",
        Logged(logger => logger.Log(LogLevel.Error, new IOException("a\nwarn: Forged \u001bb"), "x")));

    [Fact]
    public void Text_is_UTF_8_and_half_a_surrogate_pair_is_replaced() =>
        Assert.Equal("info: Shop.Orders grün 鈴 🚂 \ufffd\n", Logged(logger => logger.Log(LogLevel.Information, "{Text}", "grün 鈴 🚂 \ud83d")));

    [Fact]
    public void Scopes_stand_before_the_message_when_asked_for()
    {
        Assert.Equal("info: Shop.Orders => outer => Request 5 x\n", Logged(LogInScopes, new() { IncludeScopes = true }));
        Assert.Equal("info: Shop.Orders x\n", Logged(LogInScopes));

        static void LogInScopes(ILogger logger)
        {
            using (logger.BeginScope("outer"))
            using (logger.BeginScope("Request {Id}", 5))
                logger.Log(LogLevel.Information, "x");
        }
    }

    [Fact]
    public void The_time_stands_first_when_asked_for()
    {
        VirtualTime time = new(new DateTimeOffset(2030, 1, 2, 3, 4, 5, 678, TimeSpan.Zero));
        Assert.Equal(
            "2030-01-02T03:04:05.678Z info: Shop.Orders x\n",
            Logged(logger => logger.Log(LogLevel.Information, "x"), new() { TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ " }, time));
    }

    [Fact]
    public void The_level_has_a_color_when_asked_for() =>
        Assert.Equal("\e[33mwarn\e[0m: Shop.Orders x\n", Logged(logger => logger.Log(LogLevel.Warning, "x"), new() { UseColor = true }));

    [Fact]
    public void An_entry_is_one_write_whatever_its_length()
    {
        WriteCounter output = new();
        using XenConsoleLoggerProvider provider = new(output);
        ILogger logger = provider.CreateLogger("Long");
        logger.Log(LogLevel.Error, new IOException(new string('x', 100_000)), "{Text}", new string('y', 100_000));
        logger.Log(LogLevel.Error, "short");
        Assert.Equal(2, output.Writes);
        Assert.EndsWith("\nfail: Long short\n", output.Text);
    }

    [Fact]
    public async Task Entries_of_many_threads_do_not_mix()
    {
        const int threads = 8, entries = 200;
        WriteCounter output = new();
        using XenConsoleLoggerProvider provider = new(output);
        await Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Run(() =>
        {
            ILogger logger = provider.CreateLogger($"T{thread}");
            for (int i = 0; i < entries; i++)
                logger.Log(LogLevel.Warning, "{Text}", new string((char)('a' + thread), i));
        })));
        string[] lines = output.Text.TrimEnd('\n').Split('\n');
        Assert.Equal(
            from thread in Enumerable.Range(0, threads) from i in Enumerable.Range(0, entries) select $"warn: T{thread} {new string((char)('a' + thread), i)}",
            lines.OrderBy(line => line[7]).ThenBy(line => line.Length));
    }

    [Fact]
    public void A_message_that_logs_while_it_is_formatted_comes_after_what_it_logs()
    {
        Assert.Equal("info: Shop.Orders inner\ninfo: Shop.Orders outer\n", Logged(logger => logger.Log(
            LogLevel.Information, default, logger, null, static (logger, _) =>
            {
                logger.Log(LogLevel.Information, "inner");
                return "outer";
            })));
    }

    [Fact]
    public void A_console_that_fails_harms_nobody()
    {
        using XenConsoleLoggerProvider provider = new(new BrokenStream());
        provider.CreateLogger("x").Log(LogLevel.Critical, "lost");
    }

    [LoggerMessage(3, LogLevel.Error, "Order {Order} has {Items} items")]
    private static partial void LogItems(ILogger logger, int order, int items);

    private static string Logged(Action<ILogger> log, XenConsoleLoggerOptions? options = null, TimeProvider? time = null)
    {
        WriteCounter output = new();
        using XenConsoleLoggerProvider provider = new(output, options, time);
        provider.SetScopeProvider(new LoggerExternalScopeProvider());
        log(provider.CreateLogger("Shop.Orders"));
        return output.Text;
    }

    private sealed class WriteCounter : MemoryStream
    {
        public int Writes { get; private set; }

        public string Text => Encoding.UTF8.GetString(ToArray());

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Writes++;
            base.Write(buffer);
        }
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Nobody reads.");
    }
}
