using Xenolith.Bed.Tests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(BedFixture))]
[assembly: Parallelization(Mode = ParallelMode.None)]

namespace Xenolith.Bed.Tests;

/// <summary>One bed for all tests that can share it.</summary>
public sealed class BedFixture : IAsyncLifetime
{
    /// <summary>The guest that is built with these tests.</summary>
    public static string GuestImage { get; } = Path.Combine(AppContext.BaseDirectory, "guest.xen");

    public TestBed Bed { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Bed = await TestBed.StartAsync(cancellationToken: TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Bed?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>A guest that does what a command line says.</summary>
    public Task<Domain> CreateGuestAsync(string commandLine, bool paused = false) =>
        Bed.CreateDomainAsync(new() { ImagePath = GuestImage, Memory = 16, CommandLine = commandLine, Paused = paused }, TestContext.Current.CancellationToken);
}
