using System.Text;

namespace Xenolith.Image.Tests;

/// <summary>The program with which <c>xenolith trace</c> takes a trace, run in dom0.</summary>
internal sealed class TracerProgram
{
    private const string Program = "/tmp/xenolith-tracer", AllButFaults = "382", Records = "32768", MostMibibytes = "64";

    private readonly MemoryStream _file = new();
    private readonly Messages _messages = new();
    private readonly Task<int> _run;

    private TracerProgram(TestBed bed, string domain, string seconds, bool wait, CancellationToken cancellation) => _run = bed.RunConnectedAsync(
        Program, [domain, AllButFaults, Records, seconds, wait ? "1" : "0", MostMibibytes], new NeverEndingInput(), _file, _messages, cancellation);

    /// <summary>Completes when the domain records.</summary>
    internal Task Begun => _messages.Begun;

    internal static Task UploadAsync(TestBed bed) => bed.UploadAsync(Images.Tracer, Program, TestContext.Current.CancellationToken);

    /// <summary>Starts it.</summary>
    /// <param name="bed">Where.</param>
    /// <param name="domain">The domain's name.</param>
    /// <param name="seconds">How long; "0": to the end of the domain.</param>
    /// <param name="wait">Whether to wait for a program that does not offer to be traced yet.</param>
    /// <param name="cancellation">Kills it.</param>
    internal static TracerProgram Start(
        TestBed bed, string domain, string seconds = "0", bool wait = false, CancellationToken? cancellation = null) =>
        new(bed, domain, seconds, wait, cancellation ?? TestContext.Current.CancellationToken);

    /// <summary>Waits for its end.</summary>
    internal async Task<(int ExitCode, byte[] File, string Said)> CompleteAsync()
    {
        int exitCode = await _run;
        return (exitCode, _file.ToArray(), Encoding.UTF8.GetString(_messages.ToArray()));
    }

    /// <summary>Input that the tool could only be surprised by.</summary>
    private sealed class NeverEndingInput : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }

    private sealed class Messages : MemoryStream
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task Begun => _begun.Task;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await base.WriteAsync(buffer, cancellationToken);
            if (Encoding.UTF8.GetString(ToArray()).StartsWith("tracing\n", StringComparison.Ordinal))
                _begun.TrySetResult();
        }
    }
}
