using Xenolith.Bed;

namespace Xenolith.Bench.Boot;

/// <summary>The least memory in which the program runs to its normal end.</summary>
internal static class LeastMemory
{
    private const int Enough = 32;

    /// <returns>MiB.</returns>
    public static async Task<int> FindAsync(TestBed bed, string image, CancellationToken cancellationToken)
    {
        int tooLittle = 0;
        int enough = Enough;
        while (enough - tooLittle > 1)
        {
            int memory = (enough + tooLittle) / 2;
            if (await RunsAsync(bed, new() { ImagePath = image, Memory = memory }, cancellationToken))
                enough = memory;
            else
                tooLittle = memory;
        }

        return enough;
    }

    private static async Task<bool> RunsAsync(TestBed bed, DomainOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await using Domain domain = await bed.CreateDomainAsync(options, cancellationToken);
            return await domain.WaitForShutdownAsync(cancellationToken: cancellationToken) == new DomainEnd(ShutdownReason.Poweroff, 0);
        }
        catch (BedException) when (!cancellationToken.IsCancellationRequested)
        {
            return false; // Xen or its tool stack cannot even make such a domain, or it does not end.
        }
    }
}
