using System.Security.Cryptography;

namespace Xenolith.Image.Tests;

/// <summary>
/// A bad argument is an error number, never a fault of the kernel's: a million random calls, after which the program is as well as before.
/// </summary>
public sealed class SystemCallTests(ImageBed bed)
{
    [Fact]
    public Task A_million_random_calls_come_back() => MillionAsync(1);

    [Fact]
    public Task A_million_other_calls_come_back() => MillionAsync(RandomNumberGenerator.GetInt32(int.MaxValue));

    private async Task MillionAsync(int seed)
    {
        // A failure shows the seed, as all that the program has said.
        await using Domain domain = await bed.Bed.CreateDomainAsync(
            new() { ImagePath = Images.SystemCallFuzz, CommandLine = $"{seed} 1000000", Memory = 64 }, TestContext.Current.CancellationToken);
        ImageRun run = (await ImageBed.CompleteAsync(domain, TimeSpan.FromMinutes(5))).RequireSuccess();
        Assert.StartsWith($"seed {seed}\n", run.Output);
        Assert.Contains("calls 1000000 in ", run.Output);
        Assert.Equal("healthy", run.Lines[^1]);
    }
}
