using System.Reflection;
using Xenolith.Perfetto.Tests;

namespace Xenolith.Image.Tests;

/// <summary>The command <c>xenolith trace</c> itself, typed at a terminal of a dom0 with .NET.</summary>
public sealed class TraceCommandTests(ImageBed bed) : IAsyncDisposable
{
    private const string Folder = "/opt/dotnet", Tool = $"LD_LIBRARY_PATH={Folder} {Folder}/dotnet exec {Folder}/xenolith/xenolith.dll";

    private static readonly string s_tool =
        typeof(TraceCommandTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Cli").Value!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The runtime takes most of dom0's room for files, also if the test has failed.</summary>
    public async ValueTask DisposeAsync() => await bed.Bed.RunAsync("rm", "-rf", Folder);

    [Fact]
    public async Task At_a_terminal_of_dom0_the_command_writes_a_trace_until_Ctrl_C_and_leaves_nothing_behind()
    {
        await InstallAsync();
        DomainOptions options = new() { ImagePath = Images.Platform, CommandLine = "trace-serve", Memory = 64 };
        await using Domain domain = await bed.Bed.CreateDomainAsync(options, Cancel);
        await domain.Console.WaitForLineAsync("ready", cancellationToken: Cancel);
        await using Dom0Terminal terminal = new(bed.Bed);

        terminal.Type($"cd /tmp; {Tool} trace {domain.Name}; echo code $?\n");
        await terminal.WaitForAsync($"xenolith: tracing {domain.Name} into {domain.Name}.pftrace; Ctrl+C ends it");
        await domain.Console.WaitForLineAsync("trace 1 begins", cancellationToken: Cancel);
        terminal.Type(Dom0Terminal.Interrupt);
        string said = await terminal.WaitForAsync("code 0");
        Assert.Contains($"xenolith: {domain.Name}.pftrace: ", said);
        Assert.Contains(" records, none lost, ", said);
        Assert.DoesNotContain("; ended because", said);
        using MemoryStream file = new();
        await bed.Bed.DownloadAsync($"/tmp/{domain.Name}.pftrace", file, Cancel);
        Assert.NotEmpty(PerfettoFile.Read(file.ToArray()).Events);
        await domain.Console.WaitForLineAsync("trace 1 ends", cancellationToken: Cancel);

        // An end that comes with the domain's is told, and that there is no such domain any more.
        terminal.Type($"{Tool} trace {domain.Id} --output last.pftrace; echo code $?\n");
        await terminal.WaitForAsync("Ctrl+C ends it");
        await domain.SendConsoleInputAsync("end\n", Cancel);
        Assert.Contains("; ended because the domain or its program has ended; ", await terminal.WaitForAsync("code 0"));
        (await ImageBed.CompleteAsync(domain)).RequireSuccess();
        await domain.DestroyAsync(Cancel);
        terminal.Type($"{Tool} trace {domain.Name} -o none.pftrace; echo code $?\n");
        Assert.Contains($"xenolith: There is no domain \"{domain.Name}\"", await terminal.WaitForAsync("code 66"));

        terminal.Type("ls /tmp; ps; echo done $?\n");
        string left = await terminal.WaitForAsync("done 0");
        Assert.Contains("last.pftrace", left);
        Assert.DoesNotContain("none.pftrace", left);
        Assert.DoesNotContain("xenolith-tracer-", left);
    }

    /// <summary>Puts the runtime that runs this test into dom0, and the tool as it was built.</summary>
    private async Task InstallAsync()
    {
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!, version = Path.GetFileName(framework);
        string root = Path.GetFullPath(Path.Combine(framework, "../../.."));
        string[] files =
        [
            Path.Combine(root, "dotnet"),
            Path.Combine(root, "host/fxr", version, "libhostfxr.so"),
            .. Directory.EnumerateFiles(framework),
        ];
        foreach (string file in files)
            await bed.Bed.UploadAsync(file, $"{Folder}/{Path.GetRelativePath(root, file)}", Cancel);
        foreach (string file in Directory.EnumerateFiles(Path.GetDirectoryName(s_tool)!))
            await bed.Bed.UploadAsync(file, $"{Folder}/xenolith/{Path.GetFileName(file)}", Cancel);
        // What the runtime needs and dom0 has not: found as this process has it.
        string library = File.ReadLines("/proc/self/maps").Select(line => line.Split(' ')[^1])
            .First(path => Path.GetFileName(path).StartsWith("libstdc++.so.", StringComparison.Ordinal));
        await bed.Bed.UploadAsync(library, $"{Folder}/libstdc++.so.6", Cancel);
    }
}
