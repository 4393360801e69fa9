using System.Text;
using System.Text.RegularExpressions;

namespace Xenolith.Bed.Tests;

public sealed partial class ConsoleTests(BedFixture fixture)
{
    [Fact]
    public async Task A_guest_gets_its_command_line_unchanged()
    {
        const string commandLine = """hello "two words" 'quoted' back\slash \n $HOME #5 ü""";
        await using Domain guest = await fixture.CreateGuestAsync(commandLine);
        Assert.Equal("command line: " + commandLine, await guest.Console.WaitForLineAsync("command line", cancellationToken: Cancel));
        Assert.Equal(new DomainEnd(ShutdownReason.Poweroff, null), await guest.WaitForShutdownAsync(cancellationToken: Cancel));
    }

    [Fact]
    public async Task A_command_line_with_a_line_break_is_refused()
    {
        BedException error = await Assert.ThrowsAsync<BedException>(() => fixture.CreateGuestAsync("two\nlines"));
        Assert.Contains("line break", error.Message);
    }

    [Fact]
    public async Task Every_line_arrives_in_order_and_none_is_lost_at_the_end()
    {
        await using Domain guest = await fixture.CreateGuestAsync("lines 2000");
        await guest.WaitForShutdownAsync(cancellationToken: Cancel);
        Assert.True(guest.Console.IsComplete);
        List<string> lines = [];
        await foreach (string line in guest.Console.ReadLinesAsync(Cancel))
            lines.Add(line);
        Assert.Equal(Enumerable.Range(1, 2000).Select(number => $"line {number}"), lines);
    }

    [Fact]
    public async Task Any_bytes_arrive_and_exactly_one_CR_is_taken_from_before_each_LF()
    {
        const int count = 100_000;
        byte[] ends = [13, 10, 13, 13, 10, 10];
        byte[] pattern = [.. Enumerable.Range(0, 256).Select(value => (byte)value), .. ends];
        byte[] sent = [.. Enumerable.Range(0, count).Select(index => pattern[index % pattern.Length])];

        await using Domain guest = await fixture.CreateGuestAsync($"bytes {count}");
        await guest.WaitForShutdownAsync(cancellationToken: Cancel);
        Assert.Equal(sent, guest.Console.RawBytes.ToArray());
        Assert.Equal(Encoding.Latin1.GetString(sent).Replace("\r\n", "\n"), Encoding.Latin1.GetString(guest.Console.Bytes.Span));

        MemoryStream streamed = new();
        await foreach (ReadOnlyMemory<byte> bytes in guest.Console.ReadBytesAsync(Cancel))
            streamed.Write(bytes.Span);
        Assert.Equal(guest.Console.Bytes.ToArray(), streamed.ToArray());
    }

    [Fact]
    public async Task What_is_typed_reaches_the_guest()
    {
        await using Domain guest = await fixture.CreateGuestAsync("echo");
        await guest.Console.WaitForLineAsync("type", cancellationToken: Cancel);
        await guest.SendConsoleInputAsync("first\r\n", Cancel);
        await guest.Console.WaitForLineAsync(FirstLine(), cancellationToken: Cancel);
        string text = new('x', 3000);
        await guest.SendConsoleInputAsync(text + "q", Cancel);
        await guest.WaitForShutdownAsync(cancellationToken: Cancel);
        Assert.Equal("type\nfirst\n" + text, guest.Console.Text);
    }

    [Fact]
    public async Task Waiting_for_a_line_that_never_comes_fails_as_soon_as_the_guest_has_ended_and_shows_its_console()
    {
        await using Domain guest = await fixture.CreateGuestAsync("hello there");
        BedException error = await Assert.ThrowsAsync<BedException>(() => guest.Console.WaitForLineAsync("never printed", cancellationToken: Cancel));
        Assert.Contains("command line: hello there", error.Message);
    }

    [Fact]
    public async Task Domains_with_the_same_name_one_after_the_other_have_consoles_of_their_own()
    {
        DomainOptions options = new() { Name = "again", ImagePath = BedFixture.GuestImage, Memory = 16 };
        for (int i = 0; i < 2; i++)
        {
            await using Domain guest = await fixture.Bed.CreateDomainAsync(options with { CommandLine = $"hello {i}" }, Cancel);
            await guest.WaitForShutdownAsync(cancellationToken: Cancel);
            Assert.Equal($"command line: hello {i}\n", guest.Console.Text);
        }
    }

    [Fact]
    public async Task The_log_of_Xen_has_the_boot_before_the_snapshot_and_what_came_after()
    {
        await using Domain guest = await fixture.CreateGuestAsync("hello");
        await guest.WaitForShutdownAsync(cancellationToken: Cancel);
        Assert.Contains("Xen version 4.17", fixture.Bed.XenLog.Text);
        Assert.Contains("Xen version 4.17", await fixture.Bed.ReadXenMessagesAsync(Cancel));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [GeneratedRegex("^first$")]
    private static partial Regex FirstLine();
}
