using System.Globalization;
using System.Text;
using Xenolith.Bed;
using Xenolith.Perfetto;
using Xenolith.Tracing;

namespace Xenolith.Cli.Running;

/// <summary>A trace of a domain of the test bed, taken by the tracer in the bed's dom0, from the moment at which the program offers it to the domain's end.</summary>
internal sealed class BedTrace : IAsyncDisposable
{
    private const string Tracer = "/usr/lib/xenolith/xenolith-tracer", Resource = "xenolith-tracer";

    private readonly TestBed _bed;
    private readonly TraceFile _file;
    private readonly Input _input = new();
    private readonly Messages _messages;
    private readonly Task<int> _run;

    /// <summary>Starts it.</summary>
    internal BedTrace(TestBed bed, Domain domain, TraceFile file, TraceCategories categories)
    {
        _bed = bed;
        _file = file;
        _messages = new Messages(file);
        string[] arguments =
        [
            domain.Id.ToString(CultureInfo.InvariantCulture),
            ((uint)categories).ToString(CultureInfo.InvariantCulture),
            TraceConnectionOptions.Default.RecordCount.ToString(CultureInfo.InvariantCulture),
            "0", // seconds: until the end
            "1", // wait for a program that has only begun
        ];
        _run = _bed.RunConnectedAsync(Tracer, arguments, _input, file.Stream, _messages);
    }

    /// <summary>Puts the tracer into dom0.</summary>
    internal static async Task ProvideTracerAsync(TestBed bed, CancellationToken cancellation)
    {
        Stream program = typeof(BedTrace).Assembly.GetManifestResourceStream(Resource)!;
        await using (program.ConfigureAwait(false))
            await bed.UploadAsync(program, Tracer, cancellation).ConfigureAwait(false);
    }

    /// <summary>Ends it, and says what came of it. Its failure is no failure of the program.</summary>
    public async ValueTask DisposeAsync()
    {
        _input.End();
        int exitCode = await _run.ConfigureAwait(false);
        string said = _messages.Text.TrimEnd('\n');
        Console.Error.WriteLine(exitCode == 0 && TraceReport.Parse(said[(said.LastIndexOf('\n') + 1)..]) is { } result
            ? _messages.HasBegun
                ? TraceReport.Describe(_file.Path, result)
                : "xenolith: there is no trace: the program did not call XenPlatform.Current.Tracing.AllowRemoteAsync() or UseXen()"
            : $"xenolith: there is no trace: {said}");
        _input.Dispose();
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

    /// <summary>The tracer's messages, of which the first that comes tells that there is a trace.</summary>
    private sealed class Messages(TraceFile file) : MemoryStream
    {
        private const string Begun = "tracing\n";

        internal bool HasBegun { get; private set; }

        internal string Text => Encoding.UTF8.GetString(ToArray());

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await base.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (HasBegun || !Text.StartsWith(Begun, StringComparison.Ordinal))
                return;
            HasBegun = true;
            file.Begin();
        }
    }
}
