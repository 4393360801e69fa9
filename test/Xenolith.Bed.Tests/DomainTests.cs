using System.Diagnostics;

namespace Xenolith.Bed.Tests;

public sealed class DomainTests(BedFixture fixture)
{
    [Theory]
    [InlineData(0, ShutdownReason.Poweroff)]
    [InlineData(1, ShutdownReason.Reboot)]
    [InlineData(2, ShutdownReason.Suspend)]
    [InlineData(3, ShutdownReason.Crash)]
    [InlineData(4, ShutdownReason.Watchdog)]
    public async Task The_reason_for_which_a_guest_stopped_is_reported_as_Xen_has_it(int code, ShutdownReason reason)
    {
        await using Domain guest = await fixture.CreateGuestAsync($"shutdown {code}");
        Assert.Equal(new DomainEnd(reason, null), await guest.WaitForShutdownAsync(cancellationToken: Cancel));
        Assert.Equal("shutting down\n", guest.Console.Text);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(255)]
    public async Task The_exit_code_that_a_guest_left_in_xenstore_is_read(int code)
    {
        await using Domain guest = await fixture.CreateGuestAsync($"exit {code}");
        Assert.Equal(new DomainEnd(ShutdownReason.Poweroff, code), await guest.WaitForShutdownAsync(cancellationToken: Cancel));
    }

    [Fact]
    public async Task A_guest_is_asked_to_power_off_or_to_reboot()
    {
        await using (Domain guest = await fixture.CreateGuestAsync("wait"))
        {
            await guest.Console.WaitForLineAsync("waiting", cancellationToken: Cancel);
            await guest.ShutdownAsync(Cancel);
            Assert.Equal(ShutdownReason.Poweroff, (await guest.WaitForShutdownAsync(cancellationToken: Cancel)).Reason);
        }

        await using (Domain guest = await fixture.CreateGuestAsync("wait"))
        {
            await guest.Console.WaitForLineAsync("waiting", cancellationToken: Cancel);
            await guest.RebootAsync(Cancel);
            Assert.Equal(ShutdownReason.Reboot, (await guest.WaitForShutdownAsync(cancellationToken: Cancel)).Reason);
        }
    }

    [Fact]
    public async Task Images_of_domains_that_are_gone_make_room_for_others()
    {
        const int Count = 8;
        const long Size = 48 << 20; // together more than dom0's files can be
        string[] images = [.. Enumerable.Range(0, Count).Select(_ => Path.GetTempFileName())];
        try
        {
            await using Domain lasting = await fixture.CreateGuestAsync("wait");
            foreach (string image in images)
            {
                File.Copy(BedFixture.GuestImage, image, overwrite: true);
                using (FileStream file = File.OpenWrite(image))
                    file.SetLength(Size);
                await using Domain guest = await fixture.Bed.CreateDomainAsync(new() { ImagePath = image, Memory = 16, CommandLine = "exit 7" }, Cancel);
                Assert.Equal(7, (await guest.WaitForShutdownAsync(cancellationToken: Cancel)).ExitCode);
            }
            string left = (await fixture.Bed.RunShellAsync("ls /images/*", Cancel)).Output;
            Assert.Contains(Path.GetFileName(images[^1]), left);
            Assert.DoesNotContain(Path.GetFileName(images[0]), left);
            Assert.Contains(Path.GetFileName(BedFixture.GuestImage), left); // in use
        }
        finally
        {
            foreach (string image in images)
                File.Delete(image);
        }
    }

    [Fact]
    public async Task A_destroyed_guest_is_reported_as_destroyed_with_its_console_and_is_gone()
    {
        await using Domain guest = await fixture.CreateGuestAsync("hang");
        await guest.Console.WaitForLineAsync("hanging", cancellationToken: Cancel);
        await guest.DestroyAsync(Cancel);
        Assert.Equal(ShutdownReason.Destroyed, (await guest.WaitForShutdownAsync(cancellationToken: Cancel)).Reason);
        Assert.Equal("hanging\n", guest.Console.Text);
        Assert.Null(await fixture.Bed.Xenstore.ReadAsync($"/local/domain/{guest.Id}/name", Cancel));
        await guest.DestroyAsync(Cancel);
    }

    [Fact]
    public async Task A_domain_created_paused_does_nothing_until_it_is_unpaused()
    {
        await using Domain guest = await fixture.CreateGuestAsync("hello", paused: true);
        CommandResult list = await fixture.Bed.RunAsync("xl", "list", guest.Name);
        Assert.Matches(@"--p---", list.Output);
        Assert.Equal("", guest.Console.Text);
        await guest.UnpauseAsync(Cancel);
        await guest.WaitForShutdownAsync(cancellationToken: Cancel);
        Assert.Equal("command line: hello\n", guest.Console.Text);
    }

    [Fact]
    public async Task Several_domains_run_at_once()
    {
        Domain[] guests = await Task.WhenAll(Enumerable.Range(1, 4).Select(number => fixture.CreateGuestAsync($"lines {number * 100}")));
        try
        {
            await Task.WhenAll(guests.Select(guest => guest.WaitForShutdownAsync(cancellationToken: Cancel)));
            Assert.Equal(4, guests.Select(guest => guest.Id).Distinct().Count());
            for (int i = 0; i < guests.Length; i++)
                Assert.EndsWith($"line {(i + 1) * 100}\n", guests[i].Console.Text);
        }
        finally
        {
            foreach (Domain guest in guests)
                await guest.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_configuration_file_is_used_as_it_is()
    {
        const string config = """
            name = "from-file"
            type = "pvh"
            kernel = "guest.xen"
            memory = 20
            cmdline = "hello from a file"
            on_poweroff = "destroy"
            """;
        await using Domain guest = await fixture.Bed.CreateFromConfigAsync(
            config, new Dictionary<string, string> { ["guest.xen"] = BedFixture.GuestImage }, cancellationToken: Cancel);
        Assert.Equal(ShutdownReason.Poweroff, (await guest.WaitForShutdownAsync(cancellationToken: Cancel)).Reason);
        Assert.Equal("command line: hello from a file\n", guest.Console.Text);
        Assert.Equal(config, (await fixture.Bed.RunAsync("cat", "/domains/from-file/from-file.xl")).Output);
    }

    [Fact]
    public async Task A_guest_that_xl_restarts_can_be_watched_again()
    {
        await using Domain first = await fixture.Bed.CreateDomainAsync(
            new() { Name = "phoenix", ImagePath = BedFixture.GuestImage, Memory = 16, CommandLine = "wait", OnReboot = DomainEndAction.Restart, OnPoweroff = DomainEndAction.Destroy },
            Cancel);
        await first.Console.WaitForLineAsync("waiting", cancellationToken: Cancel);
        await first.RebootAsync(Cancel);
        await first.WaitForShutdownAsync(cancellationToken: Cancel);
        Assert.Equal("waiting\n", first.Console.Text);

        // xl names the new domain in xenstore before it starts it.
        string next = $"/local/domain/{first.Id + 1}/console/tty";
        await fixture.Bed.Xenstore.WaitAsync(next, value => value is { Length: > 0 }, cancellationToken: Cancel);
        await using Domain second = await fixture.Bed.AttachDomainAsync("phoenix", Cancel);
        Assert.Equal(first.Id + 1, second.Id);
        await second.Console.WaitForLineAsync("waiting", cancellationToken: Cancel);
        await second.ShutdownAsync(Cancel);
        await second.WaitForShutdownAsync(cancellationToken: Cancel);
        Assert.Equal("waiting\n", second.Console.Text);
    }

    [Fact]
    public async Task A_domain_that_cannot_be_created_fails_with_what_xl_said()
    {
        BedException error = await Assert.ThrowsAsync<BedException>(() => fixture.Bed.CreateDomainAsync(
            new() { ImagePath = BedFixture.GuestImage, Memory = 100_000 }, Cancel));
        Assert.Contains("xl create ended with code", error.Message);
        error = await Assert.ThrowsAsync<BedException>(() => fixture.Bed.CreateDomainAsync(new() { ImagePath = "/no/such/image" }, Cancel));
        Assert.Contains("/no/such/image", error.Message);
    }

    [Fact]
    public async Task A_wait_that_takes_too_long_fails_with_the_consoles_of_Xen_dom0_and_the_guest()
    {
        await using Domain guest = await fixture.CreateGuestAsync("hang");
        await guest.Console.WaitForLineAsync("hanging", cancellationToken: Cancel);
        Stopwatch watch = Stopwatch.StartNew();
        BedTimeoutException error = await Assert.ThrowsAsync<BedTimeoutException>(
            () => guest.WaitForShutdownAsync(TimeSpan.FromMilliseconds(300), Cancel));
        Assert.InRange(watch.Elapsed, TimeSpan.FromMilliseconds(200), fixture.Bed.Options.Timeout); // its own limit, not the bed's
        Assert.Contains("0.3 s", error.Message);
        Assert.Contains("--- Xen and dom0", error.Message);
        Assert.Contains("(XEN)", error.Message);
        Assert.Contains($"--- {guest.Name}", error.Message);
        Assert.Contains("hanging", error.Message);

        error = await Assert.ThrowsAsync<BedTimeoutException>(() => guest.Console.WaitForLineAsync("never", TimeSpan.FromMilliseconds(100), Cancel));
        Assert.Contains("hanging", error.Message);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
