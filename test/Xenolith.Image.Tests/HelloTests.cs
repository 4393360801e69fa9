using System.Globalization;
using System.Text.RegularExpressions;
using Xenolith.Sdk.Elf;
using Xenolith.Sdk.Linking;

namespace Xenolith.Image.Tests;

/// <summary>samples/Hello: what a newcomer sees first.</summary>
public sealed class HelloTests(ImageBed bed)
{
    private const long LargestImage = 2 << 20;

    [Fact]
    public async Task Hello_tells_what_machine_it_runs_on()
    {
        DateTime before = await ReadClockAsync();
        ImageRun run = (await bed.RunAsync(Images.Hello, "one \"two words\"", memory: 64)).RequireSuccess();
        DateTime after = await ReadClockAsync();

        Assert.Equal(5, run.Lines.Length);
        Assert.Equal($"Hello from .NET {Environment.Version}!", run.Lines[0]);
        Assert.Matches($@"^  Xen 4\.17\S*, domain {run.DomainId}$", run.Lines[1]);
        Match machine = Regex.Match(run.Lines[2], "^  memory ([0-9]+) MiB, vCPUs 1$");
        Assert.True(machine.Success, run.Lines[2]);
        Assert.InRange(int.Parse(machine.Groups[1].Value, CultureInfo.InvariantCulture), 58, 64);
        Match clock = Regex.Match(run.Lines[3], "^  clock (.*) UTC$");
        Assert.True(clock.Success, run.Lines[3]);
        // Both clocks are read in whole seconds.
        Assert.InRange(ParseTime(clock.Groups[1].Value), before.AddSeconds(-1), after.AddSeconds(1));
        Assert.Equal("  arguments (2): one two words", run.Lines[4]);
    }

    [Fact]
    public async Task Hello_runs_in_16_MiB()
    {
        ImageRun run = (await bed.RunAsync(Images.Hello, memory: 16)).RequireSuccess();
        Assert.StartsWith("Hello from .NET", run.Output);
    }

    [Fact]
    public async Task The_same_image_is_a_Linux_process()
    {
        LinuxProcess process = await LinuxProcess.RunAsync(Images.Hello, ["one", "two words"]);
        string[] lines = process.Output.TrimEnd('\n').Split('\n');
        Assert.Equal((0, ""), (process.ExitCode, process.Errors));
        Assert.Equal($"Hello from .NET {Environment.Version}!", lines[0]);
        Assert.Equal("  running as an ordinary process, not on Xen", lines[1]);
        Assert.Equal("  arguments (2): one two words", lines[^1]);
    }

    [Fact]
    public async Task The_generated_configuration_boots_unchanged()
    {
        string config = File.ReadAllText(Path.ChangeExtension(Images.Hello, ".xl"));
        Dictionary<string, string> files = new() { [Path.GetFileName(Images.Hello)] = Images.Hello };
        await using Domain domain = await bed.Bed.CreateFromConfigAsync(config, files, cancellationToken: TestContext.Current.CancellationToken);
        ImageRun run = (await ImageBed.CompleteAsync(domain)).RequireSuccess();
        Assert.Equal("Hello", domain.Name);
        Assert.StartsWith("Hello from .NET", run.Output);
    }

    [Fact]
    public void The_image_is_small() => Assert.InRange(new FileInfo(Images.Hello).Length, 1, LargestImage);

    [Fact]
    public void No_segment_is_writable_and_executable_and_the_entry_note_leads_into_code()
    {
        ElfFile image = ElfFile.Read(Images.Hello);
        Assert.DoesNotContain(image.Segments, s => s.Flags.HasFlag(ElfSegmentFlags.Write | ElfSegmentFlags.Execute));
        Assert.DoesNotContain(image.Segments, s => s.Type == ElfSegmentType.GnuStack && s.Flags.HasFlag(ElfSegmentFlags.Execute));
        ElfSegment code = Assert.Single(image.Segments, s => s.Type == ElfSegmentType.Load && s.Flags.HasFlag(ElfSegmentFlags.Execute));
        Assert.InRange(Assert.NotNull(ImageChecks.PvhEntry(image)), code.Address, code.Address + code.FileSize - 1);
    }

    private async Task<DateTime> ReadClockAsync() => ParseTime((await bed.Bed.RunAsync("date", "-u", "+%Y-%m-%d %H:%M:%S")).Output.Trim());

    private static DateTime ParseTime(string text) => DateTime.ParseExact(text, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
