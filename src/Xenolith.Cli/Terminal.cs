// Puts the user's terminal into raw mode, so that a program elsewhere gets every key as it is pressed, and back.

using System.ComponentModel;
using System.Diagnostics;

namespace Xenolith.Cli;

/// <summary>The user's terminal in raw mode until it is disposed. Where there is no terminal, nothing happens.</summary>
internal sealed class Terminal : IDisposable
{
    private readonly string? _settings;

    private Terminal(string? settings) => _settings = settings;

    /// <summary>The terminal's width in characters.</summary>
    internal int Columns => _settings is null ? 80 : Console.WindowWidth;

    /// <summary>The terminal's height in lines.</summary>
    internal int Rows => _settings is null ? 25 : Console.WindowHeight;

    /// <summary>Takes the terminal over.</summary>
    internal static Terminal EnterRawMode()
    {
        if (Console.IsInputRedirected || Console.IsOutputRedirected)
            return new Terminal(null);
        string settings = Stty("-g");
        Stty("raw", "-echo");
        return new Terminal(settings);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_settings is not null)
            Stty(_settings);
    }

    private static string Stty(params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("stty", arguments) { RedirectStandardOutput = true })!;
            string answer = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return answer;
        }
        catch (Win32Exception)
        {
            throw new CliException(ExitCode.Unavailable, "the program stty is missing, with which the terminal is set up (`apt-get install coreutils`)");
        }
    }
}
