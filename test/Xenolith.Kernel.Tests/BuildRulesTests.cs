// The rules that the kernel's build enforces: each is shown by a file that breaks it.
using System.Diagnostics;

namespace Xenolith.Kernel.Tests;

public sealed class BuildRulesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("xenolith-kernel-");

    [Fact]
    public async Task A_class_constructor_fails_the_build()
    {
        string errors = await BuildAsync("private static int start = Cpu.Asm.ReadPort(1); [System.Runtime.RuntimeExport(\"xl_extra\")] private static int Use() => start;");
        Assert.Contains("kernel build: class constructors are not allowed in the kernel: ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_feature_that_needs_the_managed_runtime_fails_the_build_by_the_symbol_it_wants()
    {
        string errors = await BuildAsync("[System.Runtime.RuntimeExport(\"xl_extra\")] private static object Use() => new object();");
        Assert.Contains("kernel build: the kernel refers to symbols that nothing defines: RhpNewFast", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kernel_over_its_size_limit_fails_the_build()
    {
        string errors = await BuildAsync("", "-p:KernelSizeLimit=1000");
        Assert.Matches("kernel build: the kernel takes [0-9]+ bytes of code and data; its limit is 1000", errors);
    }

    [Fact]
    public async Task A_kernel_that_keeps_the_rules_builds() =>
        Assert.DoesNotContain("error", await BuildAsync("[System.Runtime.RuntimeExport(\"xl_extra\")] private static int Use() => 1;"), StringComparison.Ordinal);

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Builds the kernel with one more class, in a folder of its own; returns what the build said.</summary>
    private async Task<string> BuildAsync(string members, params string[] properties)
    {
        string source = Path.Combine(_folder.FullName, "Extra.cs");
        await File.WriteAllTextAsync(source, $"namespace Xenolith.Kernel.Extra {{ internal static class Extra {{ {members} }} }}", TestContext.Current.CancellationToken);
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardOutput = true,
            ArgumentList =
            {
                "build", Path.Combine(RepositoryRoot(), "src", "Xenolith.Kernel"), "-c", "Release", "-v", "quiet", "-nologo",
                $"-p:ExtraKernelSource={source}", $"-p:KernelObject={_folder.FullName}/kernel.o",
                $"-p:IntermediateOutputPath={_folder.FullName}/obj/", $"-p:OutputPath={_folder.FullName}/bin/",
            },
        };
        foreach (string property in properties)
            start.ArgumentList.Add(property);
        using Process build = Process.Start(start)!;
        string output = await build.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await build.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output;
    }

    private static string RepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Xenolith.slnx")))
            folder = folder.Parent;
        return folder.FullName;
    }
}
