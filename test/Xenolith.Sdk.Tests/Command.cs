using System.Diagnostics;

namespace Xenolith.Sdk.Tests;

/// <summary>Runs programs.</summary>
internal static class Command
{
    /// <summary>What a program answered.</summary>
    internal sealed record Result(int ExitCode, string Output, string Errors);

    /// <summary>Runs a program to its end.</summary>
    internal static Result Run(string program, IEnumerable<string> arguments, string? directory = null)
    {
        ProcessStartInfo start = new(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? Environment.CurrentDirectory,
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.Ordinal) && k != "MSBUILDDISABLENODEREUSE").ToArray())
            start.Environment.Remove(name); // what started the tests may itself be a build

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Result(process.ExitCode, output, errors.GetAwaiter().GetResult());
    }

    /// <summary>Runs a program that must succeed.</summary>
    internal static Result Require(string program, IEnumerable<string> arguments, string? directory = null)
    {
        Result result = Run(program, arguments, directory);
        Assert.True(result.ExitCode == 0, $"{program} ended with {result.ExitCode}: {result.Output}{result.Errors}");
        return result;
    }
}
