using System.Diagnostics;
using System.Reflection;

namespace Xenolith.Cli.Tests;

/// <summary>Runs the tool as a user would, in a process of its own with redirected streams.</summary>
internal static class Cli
{
    private static readonly string Tool = typeof(Cli).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Cli").Value!;

    /// <summary>What the tool answered.</summary>
    internal sealed record Result(int ExitCode, byte[] OutputBytes, string Errors)
    {
        internal string Output => System.Text.Encoding.UTF8.GetString(OutputBytes);
    }

    /// <summary>Runs the tool to its end.</summary>
    internal static Task<Result> RunAsync(params string[] arguments) => CompleteAsync(Start(arguments));

    /// <summary>Starts the tool, with another search path if one is given.</summary>
    internal static Process Start(string[] arguments, string? path = null)
    {
        ProcessStartInfo start = new("dotnet", ["exec", Tool, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (path is not null)
            start.Environment["PATH"] = path;
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name); // what started the tests may itself be a build
        return Process.Start(start)!;
    }

    /// <summary>Waits for the tool's end.</summary>
    internal static async Task<Result> CompleteAsync(Process process)
    {
        using (process)
        {
            using MemoryStream output = new();
            Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.StandardOutput.BaseStream.CopyToAsync(output, TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return new Result(process.ExitCode, output.ToArray(), await errors);
        }
    }
}
