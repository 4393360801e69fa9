namespace Xenolith.Bed.Tests;

/// <summary>Building, with a cache of its own that has the packages already (they are the same as the other tests use).</summary>
public sealed class BuildTests(BedFixture fixture) : IDisposable
{
    private readonly string _cache = Directory.CreateTempSubdirectory("xenolith-bed-test-").FullName;

    [Fact]
    public async Task Two_builds_at_once_build_once_and_a_later_one_does_nothing()
    {
        CopyPackages();
        BedInfo planned = await BedBuilder.GetInfoAsync(new() { CacheDirectory = _cache }, Cancel);
        Assert.False(planned.IsBuilt);
        Assert.Equal(fixture.Bed.Info.Key, planned.Key);
        string left = Path.Combine(_cache, "bed", $"tmp-machine-{planned.Key}-of-a-dead-build");
        Directory.CreateDirectory(left);

        Steps first = new();
        Steps second = new();
        BedInfo[] built = await Task.WhenAll(
            BedBuilder.BuildAsync(new() { CacheDirectory = _cache, Progress = first }, Cancel),
            BedBuilder.BuildAsync(new() { CacheDirectory = _cache, Progress = second }, Cancel));
        Assert.Single([.. first, .. second], step => step.StartsWith("Booting", StringComparison.Ordinal));
        Assert.Single([.. first, .. second], step => step.StartsWith("Waiting", StringComparison.Ordinal));
        Assert.All(built, info => Assert.True(info.IsBuilt));
        Assert.All(built, info => Assert.Equal(planned.Key, info.Key));
        Assert.InRange(built[0].Size, 1, 1L << 30);
        Assert.False(Directory.Exists(left));
        Assert.Empty(Directory.GetDirectories(Path.Combine(_cache, "bed"), "tmp-*"));

        Steps third = new();
        await BedBuilder.BuildAsync(new() { CacheDirectory = _cache, Progress = third }, Cancel);
        Assert.Empty(third);

        await using (TestBed bed = await TestBed.StartAsync(new() { CacheDirectory = _cache }, Cancel))
        {
            long freed = await BedBuilder.CleanAsync(new() { CacheDirectory = _cache }, Cancel);
            Assert.InRange(freed, built[0].Size, long.MaxValue);
            Assert.False((await BedBuilder.GetInfoAsync(new() { CacheDirectory = _cache }, Cancel)).IsBuilt);
            Assert.Equal(0, (await bed.RunAsync("true")).ExitCode);
        }
    }

    [Fact]
    public async Task Whatever_the_machine_depends_on_changes_its_key()
    {
        CopyPackages();
        BedOptions options = new() { CacheDirectory = _cache };
        BedOptions[] others =
        [
            options with { MachineMemory = 2048 }, options with { Dom0Memory = 512 }, options with { Processors = 2 }, options with { Deterministic = true },
            options with { XenArguments = "gnttab_max_frames=128" },
        ];
        HashSet<string> keys = [(await BedBuilder.GetInfoAsync(options, Cancel)).Key];
        foreach (BedOptions other in others)
            Assert.True(keys.Add((await BedBuilder.GetInfoAsync(other, Cancel)).Key));

        foreach (string versions in Directory.GetFiles(_cache, "versions", SearchOption.AllDirectories))
            await File.WriteAllTextAsync(versions, (await File.ReadAllTextAsync(versions, Cancel)).Replace("xen-utils-4.17=", "xen-utils-4.17=9"), Cancel);
        Assert.True(keys.Add((await BedBuilder.GetInfoAsync(options, Cancel)).Key));

        string emulator = Path.Combine(_cache, "qemu");
        await File.WriteAllTextAsync(emulator, "#!/bin/sh\necho QEMU emulator version 7.2.99\n", Cancel);
        File.SetUnixFileMode(emulator, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.True(keys.Add((await BedBuilder.GetInfoAsync(options with { QemuPath = emulator }, Cancel)).Key));

        // None of these changes what is booted.
        Assert.False(keys.Add((await BedBuilder.GetInfoAsync(options with { ColdBoot = true, Timeout = TimeSpan.FromSeconds(5) }, Cancel)).Key));
    }

    [Theory]
    [InlineData(32, 1536)]
    [InlineData(636, 1536)]
    [InlineData(637, 3072)]
    [InlineData(4096, 6144)]
    public void Machines_for_large_domains_come_in_few_sizes(int domains, int machine) => Assert.Equal(machine, BedOptions.MachineMemoryFor(domains));

    [Fact]
    public async Task Another_emulator_than_QEMU_7_2_is_refused_with_what_to_do()
    {
        string emulator = Path.Combine(_cache, "qemu");
        await File.WriteAllTextAsync(emulator, "#!/bin/sh\necho QEMU emulator version 10.0.2\n", Cancel);
        File.SetUnixFileMode(emulator, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        BedException error = await Assert.ThrowsAsync<BedException>(() => TestBed.StartAsync(new() { CacheDirectory = _cache, QemuPath = emulator }, Cancel));
        Assert.Contains("QEMU 7.2", error.Message);
        Assert.Contains("XENOLITH_QEMU", error.Message);
    }

    [Fact]
    public async Task A_machine_that_does_not_come_up_is_reported_with_what_the_emulator_said()
    {
        string emulator = Path.Combine(_cache, "qemu");
        await File.WriteAllTextAsync(emulator, "#!/bin/sh\n[ \"$1\" = --version ] && echo QEMU emulator version 7.2.0 || { echo qemu: no luck today >&2; exit 1; }\n", Cancel);
        File.SetUnixFileMode(emulator, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        CopyPackages();
        BedException error = await Assert.ThrowsAsync<BedException>(() => TestBed.StartAsync(new() { CacheDirectory = _cache, QemuPath = emulator }, Cancel));
        Assert.Contains("no luck today", error.Message);
        Assert.Empty(Directory.GetDirectories(Path.Combine(_cache, "bed"), "tmp-*"));
    }

    public void Dispose() => Directory.Delete(_cache, recursive: true);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private void CopyPackages()
    {
        string source = Path.GetDirectoryName(fixture.Bed.Info.Directory)!;
        foreach (string folder in Directory.GetDirectories(source, "packages-*"))
        {
            string target = Path.Combine(_cache, "bed", Path.GetFileName(folder));
            Directory.CreateDirectory(target);
            foreach (string file in Directory.GetFiles(folder))
                File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }
    }

    private sealed class Steps : List<string>, IProgress<string>
    {
        public void Report(string value)
        {
            lock (this)
                Add(value);
        }
    }
}
