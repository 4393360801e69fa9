namespace Xenolith.Image.Tests;

/// <summary>samples/Busy: threads, tasks, timers, collections and hardware exceptions at once.</summary>
public sealed class BusyTests(ImageBed bed)
{
    [Theory]
    [InlineData(32)]
    [InlineData(128)]
    public async Task Busy_prints_on_Xen_what_it_prints_on_Linux(int memory)
    {
        LinuxProcess process = await LinuxProcess.RunAsync(Images.Busy, []);
        ImageRun run = (await bed.RunAsync(Images.Busy, memory: memory)).RequireSuccess();
        Assert.Equal(0, process.ExitCode);
        Assert.Matches("checksum [0-9a-f]{16}\n$", process.Output);
        Assert.Equal(process.Output, run.Output);
    }
}
