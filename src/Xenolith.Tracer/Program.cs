// Takes one trace in dom0: xenolith-tracer DOMAIN CATEGORIES RECORDS SECONDS WAIT. The file goes to standard output. Standard error gets "tracing" when the
// domain records, and in the end "END RECORDS LOST SKIPPED LENGTH", or with exit code 1 what is wrong. It ends in good order when its input does, or at SIGTERM.
// The tool that starts it has checked the arguments.

using System.Globalization;
using System.Runtime.InteropServices;
using Xenolith;
using Xenolith.Perfetto;
using Xenolith.Tracing;
using Xenolith.Xenstore;

using CancellationTokenSource finish = new();
using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = true;
    finish.Cancel();
});
_ = Task.Run(() =>
{
    while (Console.OpenStandardInput().Read(new byte[256]) > 0)
    {
        // What is said does not matter.
    }
    finish.Cancel();
});

try
{
    XenPlatform platform = XenPlatform.Current;
    double seconds = double.Parse(args[3], CultureInfo.InvariantCulture);
    DomainTracerOptions options = new()
    {
        Connection = new TraceConnectionOptions
        {
            Categories = (TraceCategories)uint.Parse(args[1], CultureInfo.InvariantCulture),
            RecordCount = int.Parse(args[2], CultureInfo.InvariantCulture),
            WaitForOffer = args[4] == "1",
        },
        Duration = seconds > 0 ? TimeSpan.FromSeconds(seconds) : null,
    };
    (ushort domain, string name) = await DomainTracer.FindAsync(platform.Xenstore, args[0], finish.Token);
    using Stream output = Console.OpenStandardOutput();
    DomainTracerResult result = await DomainTracer.RunAsync(
        platform, domain, name, output, options, () => Console.Error.WriteLine("tracing"), finish.Token);
    Console.Error.WriteLine($"{result.End} {result.Records} {result.Lost} {result.Skipped} {result.Length}");
    return 0;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine($"{TraceEnd.Finished} 0 0 0 0");
    return 0;
}
catch (Exception error) when (error is IOException or XenException or PlatformNotSupportedException or XenstoreException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
