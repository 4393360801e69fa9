using CsCheck;
using Xenolith.Grants;
using Xenolith.Simulation;

namespace Xenolith.Tests.Grants;

/// <summary>
/// Random lives of grants beside a peer that maps as it likes: what is counted always adds up, and no page that the peer maps is handed out.
/// </summary>
public class GrantModelTests
{
    [Fact]
    public void No_page_that_the_peer_has_mapped_is_ever_handed_out_and_no_reference_is_lost() =>
        Gen.Int[1, int.MaxValue].Sample(Live, iter: 40, threads: 1);

    private static void Live(int seed)
    {
        using SimulatedHypervisor hypervisor = new(new SimulationOptions { Seed = seed, MaxReferences = 512 });
        SimulatedDomain peer = hypervisor.CreateDomain(), domain = hypervisor.CreateDomain();
        Random random = new(seed);
        domain.Faults.FailByChance(SimulatedOperation.EndGrant, XenError.Busy, 0.1);
        GrantTable table = domain.Platform.Grants;
        hypervisor.Run(async () =>
        {
            List<SharedPages> shared = [];
            List<(ForeignMapping Mapping, nint Page)> mapped = [];
            for (int step = 0; step < 150; step++)
            {
                switch (random.Next(5))
                {
                    case 0 or 1:
                        SharedPages fresh = await table.ShareAsync(peer.Id, random.Next(1, 4), GrantAccess.ReadWrite);
                        Assert.Equal(-1, fresh.Pages.GetSpan().IndexOfAnyExcept((byte)0));
                        Assert.DoesNotContain(mapped, entry => entry.Page >= fresh.Pages.Address && entry.Page < fresh.Pages.Address + fresh.Pages.Length);
                        fresh.Pages.GetSpan().Fill((byte)step);
                        shared.Add(fresh);
                        break;
                    case 2 when shared.Count > 0:
                        SharedPages one = shared[random.Next(shared.Count)];
                        mapped.Add((peer.Platform.Grants.Map(new ForeignGrant(domain.Id, one.References[0]), GrantAccess.ReadWrite), one.Pages.Address));
                        break;
                    case 3 when shared.Count > 0:
                        int index = random.Next(shared.Count);
                        if (random.Next(2) == 0 || shared[index].TryUnshare() == EndGrantResult.Busy)
                            shared[index].Dispose();
                        shared.RemoveAt(index);
                        break;
                    case 4 when mapped.Count > 0:
                        int which = random.Next(mapped.Count);
                        mapped[which].Mapping.Unmap();
                        mapped.RemoveAt(which);
                        break;
                    default:
                        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100)), hypervisor.Time);
                        break;
                }
                GrantStatistics statistics = table.GetStatistics();
                Assert.Equal(statistics.Limit, statistics.Free + statistics.Reserved + statistics.Granted + statistics.Reclaiming);
            }
            foreach (SharedPages pages in shared)
                pages.Dispose();
            foreach ((ForeignMapping mapping, _) in mapped)
                mapping.Unmap();
            await Task.Delay(TimeSpan.FromMinutes(2), hypervisor.Time);
            Assert.Equal((table.Limit, 0), (table.GetStatistics().Free, table.GetStatistics().Pages));
        });
    }
}
