using System.Diagnostics;

namespace Xenolith.Cli.Running;

/// <summary>Runs an image as an ordinary Linux process, with this process's own standard streams.</summary>
internal static class ProcessRunner
{
    /// <summary>Runs the image to its end and returns its exit code; 128 + n when signal n ended it.</summary>
    internal static async Task<int> RunAsync(RunOptions options, CancellationToken cancellation)
    {
        ProcessStartInfo start = new(options.Image);
        foreach (string argument in options.Arguments)
            start.ArgumentList.Add(argument);
        foreach ((string name, string value) in options.Environment)
            start.Environment[name] = value;

        using Process process = Process.Start(start)!;
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (options.Timeout is { } timeout)
            deadline.CancelAfter(timeout);
        try
        {
            await process.WaitForExitAsync(deadline.Token).ConfigureAwait(false);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            if (cancellation.IsCancellationRequested)
                throw;
            throw new CliException(ExitCode.TimedOut, $"the program did not end within {options.Timeout!.Value.TotalSeconds:0.###} s");
        }
    }
}
