// Takes one trace in dom0: xenolith-tracer DOMAIN CATEGORIES RECORDS SECONDS WAIT LIMIT. The file goes to standard output. Standard error gets the
// line "tracing" when the domain records, and in the end a line that says what came of it. Exit code 0: a trace, or none because it was to end before
// it began; 2: there is no such domain; 1: anything else. It ends in good order when its input does, or at SIGTERM. The tool that starts it has
// checked the arguments.

using System.Globalization;
using System.Runtime.InteropServices;
using Xenolith;
using Xenolith.Perfetto;
using Xenolith.Tracing;

const int Failed = 1, NoSuchDomain = 2;

using CancellationTokenSource finish = new();
using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = true;
    finish.Cancel();
});
_ = Task.Run(() =>
{
    byte[] ignored = new byte[256];
    using Stream input = Console.OpenStandardInput();
    while (input.Read(ignored) > 0)
    {
        // What is said does not matter.
    }
    finish.Cancel();
});

try
{
    if (!XenPlatform.IsSupported)
        return Fail(Failed, "there is no Xen here: traces are taken in dom0; for a program in the test bed use `xenolith run PROJECT --trace FILE`");
    XenPlatform platform = XenPlatform.Current;
    if (platform.DomainId is not (null or 0))
        return Fail(Failed, $"this is domain {platform.DomainId}: traces are taken in dom0");
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
        MaximumLength = long.Parse(args[5], CultureInfo.InvariantCulture) << 20,
    };
    (ushort domain, string name) = await DomainTracer.FindAsync(platform.Xenstore, args[0], finish.Token);
    using Stream output = Console.OpenStandardOutput();
    DomainTracerResult result = await DomainTracer.RunAsync(platform, domain, name, output, options, () => Console.Error.WriteLine("tracing"), finish.Token);
    return result.End == TraceEnd.Broken ? Fail(Failed, result.ToString()) : Say(result.ToString());
}
catch (OperationCanceledException)
{
    return Say("it was ended before the domain recorded anything");
}
catch (TraceUnavailableException error)
{
    return Fail(error.Reason == TraceUnavailability.NoSuchDomain ? NoSuchDomain : Failed, error.Message);
}
catch (Exception error) when (error is IOException or XenException or PlatformNotSupportedException)
{
    return Fail(Failed, error.Message);
}

static int Say(string text) => Fail(0, text);

static int Fail(int code, string text)
{
    Console.Error.WriteLine(text.ReplaceLineEndings(" "));
    return code;
}
