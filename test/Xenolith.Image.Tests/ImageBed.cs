using Xenolith.Image.Tests;
using Xenolith.Sdk.Toolstack;
using Xunit.Sdk;

[assembly: AssemblyFixture(typeof(ImageBed))]
// The emulated machine has one processor: domains that run side by side would only slow each other down.
[assembly: Xunit.v3.Parallelization(Mode = ParallelMode.None)]

namespace Xenolith.Image.Tests;

/// <summary>The real Xen on which all tests run their images, started once, when the images are published.</summary>
public sealed class ImageBed : IAsyncLifetime
{
    private TestBed? _bed;

    internal TestBed Bed => _bed ?? throw new InvalidOperationException("The bed is not started.");

    public async ValueTask InitializeAsync()
    {
        await Images.PublishAsync(TestContext.Current.CancellationToken);
        // Tells what hangs from what other work on the host makes slow.
        _bed = await TestBed.StartAsync(new() { StartTimeout = TimeSpan.FromMinutes(5), Timeout = TimeSpan.FromMinutes(5) }, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_bed is not null)
            await _bed.DisposeAsync();
    }

    /// <summary>Runs one of the scenarios to its end, in a domain with the default memory.</summary>
    internal Task<ImageRun> RunScenarioAsync(params string[] arguments) => RunAsync(Images.Scenarios, GuestCommandLine.Join([], arguments));

    /// <summary>Runs an image to its end.</summary>
    /// <param name="image">The image's path.</param>
    /// <param name="commandLine">The domain's command line, as it is.</param>
    /// <param name="memory">The domain's memory in MiB.</param>
    internal async Task<ImageRun> RunAsync(string image, string commandLine = "", int memory = 32)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using Domain domain = await Bed.CreateDomainAsync(new() { ImagePath = image, CommandLine = commandLine, Memory = memory }, cancellation);
        return await CompleteAsync(domain);
    }

    /// <summary>Waits for a domain's end.</summary>
    internal static async Task<ImageRun> CompleteAsync(Domain domain, TimeSpan? timeout = null)
    {
        DomainEnd end = await domain.WaitForShutdownAsync(timeout, TestContext.Current.CancellationToken);
        return new ImageRun(domain.Id, domain.Console.Bytes, end);
    }
}
