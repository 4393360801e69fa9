using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Xenolith.Bed.Tests;

/// <summary>What is left when the process that started a bed ends without disposing it.</summary>
public sealed partial class OwnerTests(BedFixture fixture)
{
    public const string OwnerArgument = "--own-a-bed";

    private const int SIGKILL = 9;

    [Fact]
    public async Task A_killed_owner_leaves_no_process_and_no_file()
    {
        // Folders of its own, so that nobody else's files come and go there. The cache has the machine already.
        string folder = Directory.CreateTempSubdirectory("xenolith-bed-test-").FullName;
        try
        {
            string cache = Directory.GetParent(fixture.Bed.Info.Directory)!.FullName;
            Directory.CreateDirectory(Path.Combine(folder, "tmp"));
            Directory.CreateDirectory(Path.Combine(folder, "bed"));
            foreach (string built in Directory.GetDirectories(cache, "packages-*").Append(fixture.Bed.Info.Directory))
                Directory.CreateSymbolicLink(Path.Combine(folder, "bed", Path.GetFileName(built)), built);

            using Process owner = StartOwner(folder);
            Process[] session = await SessionAsync(owner);
            Assert.Contains(session, process => process.ProcessName.StartsWith("qemu", StringComparison.Ordinal));
            string[] files = Files(folder);
            Assert.DoesNotContain(files, path => path.StartsWith(Path.Combine(folder, "tmp", "xenolith"), StringComparison.Ordinal));

            owner.Kill();
            await AllEndAsync(session);
            Assert.Equal(files, Files(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_killed_keeper_takes_the_emulator_with_it()
    {
        using Process owner = StartOwner();
        Process[] session = await SessionAsync(owner);
        Assert.Equal(0, Kill(session.Min(process => process.Id), SIGKILL));
        await AllEndAsync(session);
        owner.Kill();
        await owner.WaitForExitAsync(Cancel);
    }

    [Fact]
    public async Task When_the_emulator_dies_every_call_says_so()
    {
        await using TestBed bed = await TestBed.StartAsync(cancellationToken: Cancel);
        await using Domain guest = await bed.CreateDomainAsync(new() { ImagePath = BedFixture.GuestImage, Memory = 16, CommandLine = "hang" }, Cancel);
        Task<CommandResult> command = bed.RunAsync("sleep", "1000");
        Task<DomainEnd> end = guest.WaitForShutdownAsync(cancellationToken: Cancel);
        foreach (Process process in Session(bed.KeeperProcessId).Where(process => process.ProcessName.StartsWith("qemu", StringComparison.Ordinal)))
            process.Kill();
        Assert.Contains("has ended", (await Assert.ThrowsAsync<BedException>(() => command)).Message);
        await Assert.ThrowsAsync<BedException>(() => end);
        await Assert.ThrowsAsync<BedException>(() => bed.RunAsync("true"));
    }

    [Fact]
    public async Task A_disposed_bed_leaves_no_process_and_refuses_calls()
    {
        TestBed bed = await TestBed.StartAsync(cancellationToken: Cancel);
        Process[] session = Session(bed.KeeperProcessId);
        Task<CommandResult> command = bed.RunAsync("sleep", "1000");
        await bed.DisposeAsync();
        await AllEndAsync(session);
        await Assert.ThrowsAsync<BedException>(() => command);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => bed.RunAsync("true"));
        await bed.DisposeAsync();
    }

    [Fact]
    public async Task A_panic_of_dom0_is_noticed_at_once()
    {
        await using TestBed bed = await TestBed.StartAsync(cancellationToken: Cancel);
        BedException error = await Assert.ThrowsAsync<BedException>(() => bed.RunShellAsync("echo c >/proc/sysrq-trigger; sleep 1000", Cancel));
        Assert.IsNotType<BedTimeoutException>(error);
        Assert.Contains("panicked", error.Message);
        Assert.Contains("sysrq", error.Message);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Process StartOwner(string? folder = null)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(OwnerTests).Assembly.Location);
        start.ArgumentList.Add(OwnerArgument);
        if (folder is not null)
        {
            start.Environment["TMPDIR"] = Path.Combine(folder, "tmp");
            start.Environment["XENOLITH_CACHE"] = folder;
        }

        return Process.Start(start)!;
    }

    private static async Task<Process[]> SessionAsync(Process owner)
    {
        string? keeper = await owner.StandardOutput.ReadLineAsync(Cancel);
        return Session(int.Parse(keeper!, CultureInfo.InvariantCulture));
    }

    /// <summary>The processes of a session: the keeper leads one of its own.</summary>
    private static Process[] Session(int leader) => [.. Process.GetProcesses().Where(process => process.SessionId == leader)];

    private static async Task AllEndAsync(Process[] processes)
    {
        foreach (Process process in processes)
        {
            await process.WaitForExitAsync(Cancel).WaitAsync(TimeSpan.FromMinutes(2), Cancel);
            process.Dispose();
        }
    }

    private static string[] Files(string folder) =>
        [.. Directory.GetFileSystemEntries(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Concat(Directory.GetFiles("/dev/shm", "*xenolith*")).Order(StringComparer.Ordinal)];

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
