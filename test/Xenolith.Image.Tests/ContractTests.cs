namespace Xenolith.Image.Tests;

/// <summary>The contract that every platform keeps, checked inside a domain: the same cases as over the simulation.</summary>
public sealed class ContractTests(ImageBed bed)
{
    [Theory]
    [InlineData("")]
    [InlineData("XENOLITH_EVENT_CHANNELS=2-level")]
    public async Task The_kernel_keeps_the_contract_of_the_platform(string commandLine)
    {
        ImageRun run = await bed.RunAsync(Images.Contract, commandLine, memory: 64);
        Assert.DoesNotContain(run.Lines, line => line.StartsWith("BROKEN", StringComparison.Ordinal));
        run.RequireSuccess();
    }
}
