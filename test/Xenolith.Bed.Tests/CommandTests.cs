using System.Security.Cryptography;
using System.Text;

namespace Xenolith.Bed.Tests;

public sealed class CommandTests(BedFixture fixture)
{
    [Fact]
    public async Task A_command_returns_its_exit_code_and_both_outputs()
    {
        CommandResult result = await fixture.Bed.RunShellAsync("echo out; echo err >&2; exit 7", Cancel);
        Assert.Equal((7, "out\n", "err\n"), (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public async Task A_command_gets_its_arguments_environment_directory_and_input_unchanged()
    {
        CommandResult result = await fixture.Bed.RunAsync(
            new Dom0Command
            {
                Program = "sh",
                Arguments = ["-c", """printf '%s|' "$@" "$GREETING" "$PWD"; cat""", "sh", "a b", "", "$x \"y\"", "ü"],
                Environment = new Dictionary<string, string> { ["GREETING"] = "hi = there" },
                WorkingDirectory = "/usr/lib",
                StandardInput = Encoding.UTF8.GetBytes("typed"),
            },
            Cancel);
        Assert.Equal("a b||$x \"y\"|ü|hi = there|/usr/lib|typed", result.Output);
    }

    [Fact]
    public async Task Dom0_keeps_time_by_the_clock_of_Xen() =>
        Assert.Equal("xen\n", (await fixture.Bed.RunShellAsync("cat /sys/devices/system/clocksource/clocksource0/current_clocksource", Cancel)).Output);

    [Fact]
    public async Task A_large_output_is_complete()
    {
        CommandResult result = await fixture.Bed.RunShellAsync("seq 1 300000", Cancel);
        Assert.Equal(string.Concat(Enumerable.Range(1, 300_000).Select(number => $"{number}\n")), result.Output);
    }

    [Fact]
    public async Task Commands_run_at_once()
    {
        Task<CommandResult> slow = fixture.Bed.RunShellAsync("read -r line </tmp/gate; echo $line", Cancel);
        await Assert.ThrowsAsync<BedException>(() => fixture.Bed.RunAsync("no-such-program"));
        await fixture.Bed.RunShellAsync("rm -f /tmp/gate2; mkfifo /tmp/gate2", Cancel);
        Task<CommandResult> reader = fixture.Bed.RunShellAsync("cat /tmp/gate2", Cancel);
        await fixture.Bed.RunShellAsync("echo through >/tmp/gate2", Cancel);
        Assert.Equal("through\n", (await reader).Output);
        Assert.NotEqual("", (await slow).Error);
    }

    [Fact]
    public async Task A_command_that_takes_too_long_is_killed_with_its_children()
    {
        await Assert.ThrowsAsync<BedTimeoutException>(() => fixture.Bed.RunAsync(
            new Dom0Command { Program = "sh", Arguments = ["-c", "sleep 12345 & sleep 12345"], Timeout = TimeSpan.FromSeconds(1) }, Cancel));
        await fixture.Bed.RunShellAsync("while ps | grep '[s]leep 12345'; do :; done", Cancel);
    }

    [Fact]
    public async Task A_failure_can_be_asked_for_as_an_exception()
    {
        BedException error = await Assert.ThrowsAsync<BedException>(() => fixture.Bed.RunAsync(
            new Dom0Command { Program = "sh", Arguments = ["-c", "echo why >&2; exit 3"], ThrowOnFailure = true }, Cancel));
        Assert.Contains("code 3", error.Message);
        Assert.Contains("why", error.Message);
    }

    [Fact]
    public async Task A_shell_has_a_terminal_of_the_given_size()
    {
        MemoryStream output = new();
        MemoryStream input = new(Encoding.UTF8.GetBytes("stty size; tty; exit 5\n"));
        Assert.Equal(5, await fixture.Bed.RunInteractiveAsync("/bin/sh", input, output, columns: 101, rows: 33, Cancel));
        string shown = Encoding.UTF8.GetString(output.ToArray());
        Assert.Contains("33 101", shown);
        Assert.Contains("/dev/pts/", shown);
    }

    [Fact]
    public async Task Files_of_64_MiB_survive_the_way_in_and_out()
    {
        byte[] content = RandomNumberGenerator.GetBytes(64 << 20);
        string hostPath = Path.Combine(Path.GetTempPath(), $"xenolith-bed-test-{Guid.NewGuid():N}");
        try
        {
            await File.WriteAllBytesAsync(hostPath, content, Cancel);
            await fixture.Bed.UploadAsync(hostPath, "/tmp/new/folder/large", Cancel);
            string sum = (await fixture.Bed.RunAsync("sha256sum", "/tmp/new/folder/large")).Output.Split(' ')[0];
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), sum);
            await fixture.Bed.DownloadAsync("/tmp/new/folder/large", hostPath, Cancel);
            byte[] back = await File.ReadAllBytesAsync(hostPath, Cancel);
            Assert.True(content.AsSpan().SequenceEqual(back));
        }
        finally
        {
            File.Delete(hostPath);
            await fixture.Bed.RunAsync("rm", "/tmp/new/folder/large");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16 * 1024)]
    [InlineData(512 * 1024 + 1)]
    public async Task Files_of_every_size_survive(int size)
    {
        byte[] content = RandomNumberGenerator.GetBytes(size);
        await fixture.Bed.UploadAsync(new MemoryStream(content), "/tmp/small", Cancel);
        MemoryStream back = new();
        await fixture.Bed.DownloadAsync("/tmp/small", back, Cancel);
        Assert.Equal(content, back.ToArray());
    }

    [Fact]
    public async Task Copies_in_and_out_at_once_do_not_disturb_each_other()
    {
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async number =>
        {
            byte[] content = RandomNumberGenerator.GetBytes(3_000_000 + number);
            await fixture.Bed.UploadAsync(new MemoryStream(content), $"/tmp/at-once-{number}", Cancel);
            MemoryStream back = new();
            await fixture.Bed.DownloadAsync($"/tmp/at-once-{number}", back, Cancel);
            Assert.Equal(content, back.ToArray());
        }));
    }

    [Fact]
    public async Task A_missing_file_is_a_clear_error()
    {
        BedException error = await Assert.ThrowsAsync<BedException>(() => fixture.Bed.DownloadAsync("/no/such/file", new MemoryStream(), Cancel));
        Assert.Contains("/no/such/file", error.Message);
        error = await Assert.ThrowsAsync<BedException>(() => fixture.Bed.UploadAsync("/no/such/file", "/tmp/x", Cancel));
        Assert.Contains("/no/such/file", error.Message);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
