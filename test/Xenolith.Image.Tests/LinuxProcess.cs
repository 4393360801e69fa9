using System.Diagnostics;
using System.Text;

namespace Xenolith.Image.Tests;

/// <summary>What an image wrote and how it ended as an ordinary Linux process: what a domain is compared with.</summary>
/// <param name="Bytes">All of its standard output.</param>
/// <param name="Errors">All of its standard error.</param>
/// <param name="ExitCode">Its exit code; 128 + n when signal n ended it.</param>
internal sealed record LinuxProcess(byte[] Bytes, string Errors, int ExitCode)
{
    /// <summary>
    /// The address space that the collector reserves, in bytes (hexadecimal): without a background collection it crashes at the end of a smaller
    /// one, now and then, on Linux as well. The kernel of an image sets at least as much.
    /// </summary>
    private const string HeapRange = "100000000";

    /// <summary><see cref="Bytes"/> as UTF-8.</summary>
    internal string Output => Encoding.UTF8.GetString(Bytes);

    /// <summary>Runs an image to its end, with no environment but the one given and <see cref="HeapRange"/>.</summary>
    internal static async Task<LinuxProcess> RunAsync(
        string image, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>>? environment = null, string input = "")
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        ProcessStartInfo start = new(image, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["DOTNET_GCRegionRange"] = HeapRange;
        foreach ((string name, string value) in environment ?? [])
            start.Environment[name] = value;

        using Process process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using MemoryStream output = new();
        Task<string> errors = process.StandardError.ReadToEndAsync(cancellation);
        await process.StandardOutput.BaseStream.CopyToAsync(output, cancellation);
        await process.WaitForExitAsync(cancellation);
        return new LinuxProcess(output.ToArray(), await errors, process.ExitCode);
    }
}
