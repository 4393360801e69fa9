using System.Diagnostics;
using System.Text.RegularExpressions;
using Xenolith.Sdk.Elf;

namespace Xenolith.Cli.Tests;

/// <summary>Source lines for the stack traces in console logs.</summary>
[Collection(OutsideProject.Collection)]
public sealed class SymbolizeTests(OutsideProject project) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Frames_of_exceptions_and_of_the_kernel_get_their_source_lines_and_all_else_stays()
    {
        string log = (await Cli.RunAsync("run", project.Image, "--", "throw")).Output;

        Cli.Result result = await Cli.RunAsync("symbolize", project.Image, _directory.Write("console.log", log));

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        string place = Regex.Escape($" in {project.Source}:line {project.LineOf("throw new")}");
        Assert.Matches(new Regex($@"^   at Program\.<Main>\$\(String\[\] args\) \+ 0x[0-9a-f]+{place}$", RegexOptions.Multiline), result.Output);
        Assert.Matches(new Regex(@"^xenolith:    at RhThrowEx\+0x[0-9a-f]+ in /.*\.cs:line \d+$", RegexOptions.Multiline), result.Output);
        Assert.Equal(log, Regex.Replace(result.Output, @" in \S.*:line \d+$", "", RegexOptions.Multiline));
    }

    [Fact]
    public async Task A_bare_address_gets_its_functions_name_and_those_that_were_inlined_there()
    {
        ElfSymbol function = ElfFile.Read(project.Image + ".debug").Symbols().First(s => s.Name == "_ZN3WKS7gc_heap15generation_sizeEi");
        string frame = $"0x{function.Value:x}";

        Cli.Result result = await FeedAsync($"12:00:01 xenolith:    at {frame}\r\n");

        string[] lines = result.Output.Split("\r\n");
        Assert.Equal(3, lines.Length);
        Assert.Matches(@"^12:00:01 xenolith:    at WKS::gc_heap::\w+\(int\) \(inlined\) in /.*:line \d+$", lines[0]);
        Assert.Matches($@"^12:00:01 xenolith:    at WKS::gc_heap::generation_size\(int\) \({frame}\) in /.*gc\.cpp:line \d+$", lines[1]);
    }

    [Fact]
    public async Task A_place_in_the_kernel_has_a_source_line()
    {
        Cli.Result result = await FeedAsync("xenolith:    at xl_platform_info+0x20\nxenolith:    at syscall_entry+0x0\n");

        Assert.Matches(@"^xenolith:    at xl_platform_info\+0x20 in /.*/PlatformCalls\.cs:line \d+\nxenolith:    at syscall_entry\+0x0 in .*Cpu/Traps\.S:line \d+\n$", result.Output);
    }

    [Fact]
    public async Task The_log_of_another_image_is_refused()
    {
        Cli.Result result = await FeedAsync("xenolith:    at main+0x1\nxenolith:    image Other, build id 0123456789abcdef\n");

        Assert.Equal((68, ""), (result.ExitCode, result.Output));
        Assert.Matches("^xenolith: the log is of another image: its build id is 0123456789abcdef, and the image's is [0-9a-f]{40}\n$", result.Errors);
    }

    [Fact]
    public async Task A_crash_of_another_image_in_the_same_log_is_left_as_it_is()
    {
        string id = Convert.ToHexStringLower(ElfFile.Read(project.Image).Notes().Single(n => n is { Name: "GNU", Type: 3 }).Description.Span);
        const string Frame = "xenolith:    at xl_platform_info+0x20\n";

        Cli.Result result = await FeedAsync($"{Frame}xenolith:    image Other, build id 01\n{Frame}xenolith:    image This, build id {id}\n");

        Assert.StartsWith(Frame + "xenolith:    image Other, build id 01\n", result.Output);
        Assert.Single(Regex.Matches(result.Output, @":line \d+"));
    }

    [Fact]
    public async Task A_log_without_a_frame_is_refused()
    {
        Cli.Result result = await FeedAsync("hello\n");

        Assert.Equal((68, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("xenolith: there is no stack frame in the log", result.Errors);
    }

    [Fact]
    public async Task An_image_without_its_symbol_file_or_with_that_of_another_build_is_refused()
    {
        byte[] bytes = await File.ReadAllBytesAsync(project.Image, TestContext.Current.CancellationToken);
        string image = _directory.Combine("other.xen");
        await File.WriteAllBytesAsync(image, bytes, TestContext.Current.CancellationToken);

        Cli.Result missing = await Cli.RunAsync("symbolize", image, "-");
        Assert.Equal((66, ""), (missing.ExitCode, missing.Output));
        Assert.StartsWith($"xenolith: there is no symbol file {image}.debug", missing.Errors);

        bytes[bytes.AsSpan().IndexOf(ElfFile.Parse(bytes).Notes().Single(n => n is { Name: "GNU", Type: 3 }).Description.Span)] ^= 1;
        await File.WriteAllBytesAsync(image, bytes, TestContext.Current.CancellationToken);
        File.Copy(project.Image + ".debug", image + ".debug");

        Cli.Result other = await Cli.RunAsync("symbolize", image, "-");
        Assert.Equal((68, ""), (other.ExitCode, other.Output));
        Assert.StartsWith($"xenolith: {image}.debug is of another build than {image}", other.Errors);
    }

    private async Task<Cli.Result> FeedAsync(string log)
    {
        Process process = Cli.Start(["symbolize", project.Image]);
        await process.StandardInput.WriteAsync(log);
        process.StandardInput.Close();
        return await Cli.CompleteAsync(process);
    }
}
