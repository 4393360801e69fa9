using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Versioning;

namespace Xenolith.Cli.Tracing;

/// <summary>A trace of a domain of this machine, taken in its dom0, where the tool itself runs.</summary>
internal static class LocalTrace
{
    /// <summary>Takes it, until it ends by itself or is to end.</summary>
    /// <returns>The tool's exit code.</returns>
    internal static async Task<int> RunAsync(TraceSettings settings, string path, CancellationToken finish)
    {
        if (!OperatingSystem.IsLinux())
            throw new CliException(ExitCode.Unavailable, "traces are taken in dom0, which is a Linux: this is none");
        using TraceFile file = new(path);
        string program = await UnpackAsync().ConfigureAwait(false);
        try
        {
            return await RunAsync(program, settings, file, finish).ConfigureAwait(false);
        }
        finally
        {
            File.Delete(program);
        }
    }

    private static async Task<int> RunAsync(string program, TraceSettings settings, TraceFile file, CancellationToken finish)
    {
        Tracer.Messages messages = new(() =>
        {
            file.Begin();
            Console.Error.WriteLine($"xenolith: tracing {settings.Domain} into {file.Path}{(settings.Duration is null ? "; Ctrl+C ends it" : "")}");
        });
        await using (messages.ConfigureAwait(false))
        {
            using Process tracer = Start(program, settings);
            Task copying = Task.WhenAll(
                tracer.StandardOutput.BaseStream.CopyToAsync(file.Stream, CancellationToken.None),
                tracer.StandardError.BaseStream.CopyToAsync(messages, CancellationToken.None));
            using (finish.UnsafeRegister(static input => ((StreamWriter)input!).Close(), tracer.StandardInput))
            {
                try
                {
                    await copying.ConfigureAwait(false);
                }
                catch (IOException problem)
                {
                    tracer.Kill();
                    throw new CliException(ExitCode.Unavailable, $"{file.Path} cannot be written: {problem.Message}");
                }
                await tracer.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
            switch (tracer.ExitCode)
            {
                case 0:
                    Console.Error.WriteLine($"xenolith: {file.Path}: {messages.Last}");
                    return 0;
                case ExitCode.Interrupted when finish.IsCancellationRequested: // Ctrl+C came before the tracer could heed it
                    throw new OperationCanceledException(finish);
                case Tracer.NoSuchDomain:
                    throw new CliException(ExitCode.NotFound, messages.Last);
                default:
                    throw new CliException(ExitCode.Unavailable, messages.Explain(tracer.ExitCode));
            }
        }
    }

    private static Process Start(string program, TraceSettings settings)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, settings.ToArguments())
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception problem)
        {
            throw new CliException(ExitCode.Unavailable, $"the tracer cannot be started: {problem.Message}");
        }
    }

    [SupportedOSPlatform("linux")]
    private static async Task<string> UnpackAsync()
    {
        string path = Path.Combine(Path.GetTempPath(), $"xenolith-tracer-{Guid.NewGuid():N}");
        FileStream file = new(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
        });
        Stream program = Tracer.OpenProgram();
        await using (file.ConfigureAwait(false))
        await using (program.ConfigureAwait(false))
            await program.CopyToAsync(file).ConfigureAwait(false);
        return path;
    }
}
