using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Xenolith.Bed;
using Xenolith.Image.Tests;
using Xunit;

namespace Xenolith.Soak.Tests;

/// <summary>
/// A domain's memory goes to Xen and comes back, XENOLITH_SOAK_CYCLES times (50), while the program allocates and checks what it has.
/// </summary>
public sealed class BalloonSoakTests
{
    private const int Small = 64, Large = 256;

    [Fact]
    public async Task Memory_goes_and_comes_again_and_again_and_the_program_has_what_is_there()
    {
        int cycles = int.Parse(Environment.GetEnvironmentVariable("XENOLITH_SOAK_CYCLES") ?? "50", CultureInfo.InvariantCulture);
        string image = typeof(SoakTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Platform").Value!;
        await using TestBed bed = await TestBed.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await using BalloonDomain domain = await BalloonDomain.StartAsync(bed, image, "cycled", Large, Large);
        await domain.OrderAsync("churn");
        List<double> down = [], up = [];
        for (int i = 0; i < cycles; i++)
        {
            down.Add(await MoveAsync(domain, Small));
            up.Add(await MoveAsync(domain, Large));
        }
        string output = await domain.EndAsync();
        TestContext.Current.TestOutputHelper!.WriteLine(FormattableString.Invariant(
            $"{cycles} cycles; seconds down {down.Average():0.0} (at most {down.Max():0.0}), up {up.Average():0.0} (at most {up.Max():0.0})\n{output}"));
        Assert.Contains("failures 0\n", output);
    }

    private static async Task<double> MoveAsync(BalloonDomain domain, int target)
    {
        long start = Stopwatch.GetTimestamp();
        await domain.SetTargetAsync(target);
        await domain.WaitAsync("Reached", target);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Assert.Equal(target, await domain.ListedAsync());
        return seconds;
    }
}
