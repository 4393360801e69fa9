using System.Globalization;
using Xenolith.Bed;

namespace Xenolith.Cli.Tracing;

/// <summary>A trace of a domain of the test bed, from the moment at which the program offers it to the domain's end.</summary>
internal sealed class BedTrace : IAsyncDisposable
{
    private const string Program = "/usr/lib/xenolith/xenolith-tracer";

    private readonly TraceFile _file;
    private readonly Input _input = new();
    private readonly Tracer.Messages _messages;
    private readonly Task<int> _run;

    /// <summary>Starts it.</summary>
    internal BedTrace(TestBed bed, Domain domain, TraceFile file, uint categories)
    {
        _file = file;
        _messages = new Tracer.Messages(file.Begin);
        TraceSettings settings = new(domain.Id.ToString(CultureInfo.InvariantCulture), categories) { Wait = true };
        _run = bed.RunConnectedAsync(Program, settings.ToArguments(), _input, file.Stream, _messages);
    }

    /// <summary>Puts the tracer into dom0.</summary>
    internal static async Task ProvideTracerAsync(TestBed bed, CancellationToken cancellation)
    {
        Stream program = Tracer.OpenProgram();
        await using (program.ConfigureAwait(false))
            await bed.UploadAsync(program, Program, cancellation).ConfigureAwait(false);
    }

    /// <summary>Ends it, and says what came of it. Its failure is no failure of the program.</summary>
    public async ValueTask DisposeAsync()
    {
        _input.End();
        try
        {
            int exitCode = await _run.ConfigureAwait(false);
            Console.Error.WriteLine((exitCode, _messages.HasBegun) switch
            {
                (0, true) => $"xenolith: {_file.Path}: {_messages.Last}",
                (0, false) => "xenolith: there is no trace: the program did not call XenPlatform.Current.Tracing.AllowRemoteAsync() or UseXen()",
                _ => $"xenolith: {(_messages.HasBegun ? "the trace is not complete" : "there is no trace")}: {_messages.Explain(exitCode)}",
            });
        }
        catch (Exception problem) when (problem is IOException or BedException)
        {
            Console.Error.WriteLine($"xenolith: the trace is not complete: {problem.Message}");
        }
        _input.Dispose();
        _messages.Dispose();
    }

    /// <summary>Input that ends when it is told to.</summary>
    private sealed class Input : MemoryStream
    {
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal void End() => _end.TrySetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await _end.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return 0;
        }
    }
}
