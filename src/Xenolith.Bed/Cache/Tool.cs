using System.Diagnostics;

namespace Xenolith.Bed.Cache;

/// <summary>Runs the host's own programs.</summary>
internal static class Tool
{
    /// <summary>Runs a program to its end and returns its output.</summary>
    /// <exception cref="BedException">It is missing, or ended with an error; the message has what it said.</exception>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken, string? directory = null)
    {
        (int exitCode, string output, string error) = await TryRunAsync(program, arguments, cancellationToken, directory).ConfigureAwait(false);
        return exitCode == 0 ? output : throw new BedException($"{program} {string.Join(' ', arguments)} ended with code {exitCode}:\n{(error + output).Trim()}");
    }

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="BedException">There is no such program.</exception>
    public static async Task<(int ExitCode, string Output, string Error)> TryRunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancellationToken, string? directory = null)
    {
        using Process process = Start(program, arguments, directory);
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
            string output = await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            return (process.ExitCode, output, await error.ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Starts a program with its standard input closed and its outputs to be read.</summary>
    public static Process Start(string program, IEnumerable<string> arguments, string? directory = null)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? "",
        };
        start.Environment["LC_ALL"] = "C";
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        try
        {
            Process process = Process.Start(start)!;
            process.StandardInput.Close();
            return process;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new BedException($"'{program}' cannot be run ({exception.Message}). The test bed needs Debian 12 with apt and dpkg.", exception);
        }
    }
}
