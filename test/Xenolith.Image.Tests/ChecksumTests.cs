namespace Xenolith.Image.Tests;

/// <summary>samples/Checksum: C code that the project brings, linked into the image and called by P/Invoke.</summary>
public sealed class ChecksumTests(ImageBed bed)
{
    [Fact]
    public async Task C_code_computes_on_Xen_what_it_computes_on_Linux()
    {
        LinuxProcess process = await LinuxProcess.RunAsync(Images.Checksum, []);
        ImageRun run = (await bed.RunAsync(Images.Checksum)).RequireSuccess();
        string[] lines = process.Output.TrimEnd('\n').Split('\n');
        Assert.Equal((0, 5), (process.ExitCode, lines.Length));
        Assert.Equal("4800 parts: 0 differ", run.Lines[2]);
        // The last line has rates.
        Assert.Equal(lines[..4], run.Lines[..4]);
        Assert.Matches("^C#: [0-9]+ MB/s, C: [0-9]+ MB/s$", Assert.Single(run.Lines[4..]));
    }
}
