// Builds a project that need not know of Xenolith: runs `dotnet publish` with the SDK's targets brought in from outside. Intermediate
// files go to a cache, so that the project's own folder stays as it is.

using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Xenolith.Cli.Building;

/// <summary>Builds images of projects.</summary>
internal static partial class ProjectBuilder
{
    /// <summary>Builds a project's image, unless it is up to date.</summary>
    /// <param name="project">The project.</param>
    /// <param name="output">Where the image goes; null for a place in the cache.</param>
    /// <param name="cancellation">Ends the build.</param>
    /// <returns>The image's full path.</returns>
    /// <exception cref="CliException">The project does not build; the message has the compiler's errors.</exception>
    internal static async Task<string> BuildAsync(ProjectFile project, string? output, CancellationToken cancellation)
    {
        string cache = CacheOf(project);
        Directory.CreateDirectory(cache);
        output ??= Path.Combine(cache, "publish");
        using FileStream turn = await FileLock.TakeAsync(Path.Combine(cache, "lock"), cancellation).ConfigureAwait(false);

        return await Progress.ShowAsync($"Building {project.Name}", async () =>
        {
            DotnetResult result = await PublishAsync(project, cache, output, framework: null, cancellation).ConfigureAwait(false);
            if (result.ExitCode != 0 && result.Output.Contains("NETSDK1129", StringComparison.Ordinal)) // several target frameworks, none named
                result = await PublishAsync(project, cache, output, await ChooseFrameworkAsync(project, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            if (result.ExitCode != 0)
                throw Explain(project, result);
            foreach (string warning in Findings(result, "warning"))
                await Console.Error.WriteLineAsync(warning).ConfigureAwait(false);
            return (await File.ReadAllTextAsync(ImagePathFile(cache), cancellation).ConfigureAwait(false)).TrimEnd('\n');
        }).ConfigureAwait(false);
    }

    private static Task<DotnetResult> PublishAsync(ProjectFile project, string cache, string output, string? framework, CancellationToken cancellation)
    {
        string sdk = Path.Combine(AppContext.BaseDirectory, "sdk", "build");
        List<string> arguments =
        [
            "publish", project.FullPath, "--configuration", "Release", "--runtime", "linux-x64", "--nologo", "--verbosity", "quiet", "--tl:off",
            "--artifacts-path", Path.Combine(cache, "artifacts"),
            Property("PublishDir", Path.GetFullPath(output) + "/"),
            Property("XenolithProject", project.FullPath),
            Property("XenolithImagePathFile", ImagePathFile(cache)),
            Property("CustomBeforeMicrosoftCommonProps", Path.Combine(sdk, "Xenolith.Injected.props")),
            Property("CustomAfterMicrosoftCommonTargets", Path.Combine(sdk, "Xenolith.Injected.targets")),
        ];
        if (framework is not null)
            arguments.AddRange(["--framework", framework]);
        return DotnetAsync(project, arguments, cancellation);
    }

    /// <summary>The newest framework of a project with several that an image can be made of.</summary>
    private static async Task<string> ChooseFrameworkAsync(ProjectFile project, CancellationToken cancellation)
    {
        DotnetResult result = await DotnetAsync(project, ["msbuild", project.FullPath, "-getProperty:TargetFrameworks", "-getProperty:TargetFramework"], cancellation).ConfigureAwait(false);
        string[] frameworks = [];
        if (result.ExitCode == 0)
        {
            using JsonDocument answer = JsonDocument.Parse(result.Output);
            frameworks = answer.RootElement.GetProperty("Properties").GetProperty("TargetFrameworks").GetString()!
                .Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        }
        return frameworks
            .Select(framework => (Name: framework, Match: PlainFramework().Match(framework)))
            .Where(framework => framework.Match.Success)
            .Select(framework => (framework.Name, Version: int.Parse(framework.Match.Groups[1].ValueSpan)))
            .Where(framework => framework.Version >= 10)
            .OrderByDescending(framework => framework.Version)
            .Select(framework => framework.Name)
            .FirstOrDefault()
            ?? throw new CliException(ExitCode.BuildFailed, $"{project.Name} targets {string.Join(", ", frameworks)}: an image needs net10.0 or later.");
    }

    private static async Task<DotnetResult> DotnetAsync(ProjectFile project, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        // The `dotnet` that runs this tool, so that it builds even where that is not in the search path.
        ProcessStartInfo start = new(Path.GetFileName(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet")
        {
            WorkingDirectory = project.Directory, // where a global.json is looked for
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en"; // error numbers and texts are looked at
        start.Environment["DOTNET_NOLOGO"] = "true";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1"; // nothing stays behind, and no node holds an older SDK

        using Process process = Start(start);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return new DotnetResult(process.ExitCode, await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new CliException(ExitCode.Unavailable, $"the .NET SDK is not installed (there is no `{start.FileName}`): get .NET 10 from https://dot.net/download");
        }
    }

    private static CliException Explain(ProjectFile project, DotnetResult result)
    {
        string all = result.Output + result.Errors;
        if (all.Contains("No .NET SDKs were found", StringComparison.Ordinal) || all.Contains("compatible .NET SDK was not found", StringComparison.Ordinal))
            return new CliException(ExitCode.Unavailable, $"no .NET SDK here can build {project.Name}: get .NET 10 from https://dot.net/download, and see what global.json asks for.\n{all.Trim()}");

        string[] errors = [.. Findings(result, "error")];
        return new CliException(ExitCode.BuildFailed, $"{project.Name} does not build:\n{(errors.Length != 0 ? string.Join('\n', errors) : all.Trim())}");
    }

    /// <summary>The compilers' errors or warnings, each once and without the project that MSBuild names at a line's end.</summary>
    private static IEnumerable<string> Findings(DotnetResult result, string kind) => (result.Output + result.Errors).Split('\n')
        .Where(line => line.Contains($": {kind} ", StringComparison.Ordinal))
        .Select(line => ProjectSuffix().Replace(line, "").Trim())
        .Distinct();

    private static string CacheOf(ProjectFile project)
    {
        string identity = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(project.FullPath)))[..16];
        return Path.Combine(CacheDirectory.Path, "projects", $"{project.Name}-{identity}");
    }

    private static string ImagePathFile(string cache) => Path.Combine(cache, "image.txt");

    /// <summary>A property for MSBuild's command line, which gives meaning to some characters of its value.</summary>
    private static string Property(string name, string value) =>
        $"-property:{name}={string.Concat(value.Select(c => c is '%' or '$' or '@' or '\'' or '(' or ')' or ';' or ',' or '?' or '*' ? $"%{(int)c:X2}" : c.ToString()))}";

    private readonly record struct DotnetResult(int ExitCode, string Output, string Errors);

    [GeneratedRegex(@"^net(\d+)\.\d+$")]
    private static partial Regex PlainFramework();

    [GeneratedRegex(@" \[[^\[\]]*\]\s*$")]
    private static partial Regex ProjectSuffix();
}
