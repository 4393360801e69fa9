// Runs the tools of binutils and the C compiler: arguments as a list, never through a shell, so that any path works.

using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Xenolith.Sdk.Linking;

/// <summary>Runs a native tool to its end.</summary>
internal static class NativeTool
{
    private const string Binutils = "binutils";

    /// <summary>What a tool answered.</summary>
    /// <param name="ExitCode">Its exit code.</param>
    /// <param name="Output">Its standard output.</param>
    /// <param name="Errors">Its standard error.</param>
    internal readonly record struct Result(int ExitCode, string Output, string Errors);

    /// <summary>Runs a tool and returns what it answered.</summary>
    /// <exception cref="ImageLinkException">The tool is not installed.</exception>
    internal static Result Run(string tool, IEnumerable<string> arguments, string? input = null, string package = Binutils)
    {
        ProcessStartInfo start = new(tool)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["LC_ALL"] = "C"; // the linker's messages are read below

        using Process process = Start(start, tool, package);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (input is not null)
            process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        return new Result(process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }

    /// <summary>Runs a tool that must succeed.</summary>
    /// <exception cref="ImageLinkException">It is not installed, or failed.</exception>
    internal static string Require(string tool, IEnumerable<string> arguments, string? input = null, string package = Binutils)
    {
        Result result = Run(tool, arguments, input, package);
        return result.ExitCode == 0
            ? result.Output
            : throw new ImageLinkException("XEN1002", $"{tool} failed with code {result.ExitCode}: {result.Errors.Trim()}");
    }

    private static Process Start(ProcessStartInfo start, string tool, string package)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new ImageLinkException("XEN1001", $"The tool {tool} is not installed: run `apt-get install {package}`.");
        }
    }
}
