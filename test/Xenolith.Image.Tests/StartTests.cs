using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Xenolith.Image.Tests;

/// <summary>Starts that cannot succeed end at once, with one line that says what to do.</summary>
public sealed class StartTests(ImageBed bed)
{
    [Theory]
    [InlineData(6)]
    [InlineData(8)]
    public async Task Too_little_memory_is_refused_with_the_amount_that_is_needed(int memory)
    {
        ImageRun run = (await bed.RunAsync(Images.Hello, memory: memory)).RequireCrash();
        Match line = Regex.Match(run.Output, @"^xenolith: cannot start: the domain has ([0-9]+) MiB of memory and this program needs at least ([0-9]+) MiB: raise memory= in its configuration\n$");
        Assert.True(line.Success, run.Output);
        Assert.InRange(Number(line.Groups[1]), memory - 1, memory);

        int needed = Number(line.Groups[2]);
        Assert.InRange(needed, memory + 1, 16);
        (await bed.RunAsync(Images.Hello, memory: needed)).RequireSuccess();
        Assert.StartsWith("xenolith: cannot start: ", (await bed.RunAsync(Images.Hello, memory: needed - 1)).RequireCrash().Output);
    }

    [Theory]
    [InlineData("nx", "this CPU has no NX bit, which memory protection needs")]
    [InlineData("xsave", "this CPU offers no XSAVE: enable it on the host (Xen option xsave=1)")]
    [InlineData("popcnt", "this CPU is older than x86-64-v2 (SSE4.2, POPCNT, CMPXCHG16B), for which the program is compiled")]
    public async Task A_processor_without_a_feature_that_is_needed_is_refused_by_its_name(string feature, string message)
    {
        // The toolstack hides the feature from the domain's CPUID.
        await using Domain domain = await bed.Bed.CreateDomainAsync(
            new() { ImagePath = Images.Hello, ExtraConfig = $"cpuid = \"host,{feature}=0\"" }, TestContext.Current.CancellationToken);
        ImageRun run = (await ImageBed.CompleteAsync(domain)).RequireCrash();
        Assert.Equal($"xenolith: cannot start: {message}\n", run.Output);
    }

    [Fact]
    public async Task Without_Xen_the_serial_port_says_so_and_the_machine_stands_still()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        ProcessStartInfo start = new(bed.Bed.Options.QemuPath ?? Environment.GetEnvironmentVariable("XENOLITH_QEMU") ?? "qemu-system-x86_64", [
            "-accel", "tcg", "-machine", "pc", "-cpu", "qemu64", "-m", "64", "-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio", "-kernel", Images.Hello])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using Process machine = Process.Start(start)!;
        try
        {
            // It ends when the guest resets it, and so never should.
            string output = "";
            using CancellationTokenSource silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            silence.CancelAfter(TimeSpan.FromMinutes(3));
            char[] buffer = new char[256];
            try
            {
                int count;
                while ((count = await machine.StandardOutput.ReadAsync(buffer, silence.Token)) > 0)
                {
                    output += new string(buffer, 0, count);
                    if (output.Contains("xenolith: ", StringComparison.Ordinal) && output.EndsWith('\n'))
                        silence.CancelAfter(TimeSpan.FromSeconds(2));
                }
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
            }

            // The firmware speaks first.
            Assert.EndsWith("xenolith: not started by Xen: this image is a Xen PVH guest kernel; start it with xl or with `xenolith run`\n", output.ReplaceLineEndings("\n"));
            Assert.Equal(1, Regex.Count(output, "xenolith: "));
            Assert.False(machine.HasExited);
        }
        finally
        {
            machine.Kill();
            await machine.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);
}
