using Xenolith.Contract;
using Xenolith.Lifecycle;
using Xenolith.Simulation;

namespace Xenolith.Tests;

/// <summary>The contract of every platform, kept by the simulation: between two domains and within one, in several orders.</summary>
public class ContractTests
{
    public static TheoryData<string, int> Cases()
    {
        TheoryData<string, int> data = [];
        foreach (ContractCase contract in PlatformContract.All)
        {
            for (int seed = 1; seed <= 3; seed++)
                data.Add(contract.Name, seed);
        }
        return data;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Two_domains(string name, int seed)
    {
        using SimulatedHypervisor hypervisor = new(new SimulationOptions { Seed = seed });
        SimulatedDomain here = hypervisor.CreateDomain(), there = hypervisor.CreateDomain();
        hypervisor.Run(() => Find(name)(new ContractWorld(here.Platform, here.Id, there.Platform, there.Id)));
    }

    [Theory, MemberData(nameof(Cases))]
    public void One_domain_with_itself(string name, int seed)
    {
        using SimulatedHypervisor hypervisor = new(new SimulationOptions { Seed = seed });
        SimulatedDomain domain = hypervisor.CreateDomain();
        hypervisor.Run(() => Find(name)(new ContractWorld(domain.Platform, domain.Id, domain.Platform, domain.Id)));
    }

    public static TheoryData<string, SuspendOutcome, int> TimeCases()
    {
        TheoryData<string, SuspendOutcome, int> data = [];
        foreach (TimeCase time in TimeContract.All)
        {
            foreach (SuspendOutcome outcome in Enum.GetValues<SuspendOutcome>())
            {
                for (int seed = 1; seed <= 3; seed++)
                    data.Add(time.Name, outcome, seed);
            }
        }
        return data;
    }

    [Theory, MemberData(nameof(TimeCases))]
    public void Time_over_a_suspension(string name, SuspendOutcome outcome, int seed)
    {
        using SimulatedHypervisor hypervisor = new(new SimulationOptions { Seed = seed });
        SimulatedDomain domain = hypervisor.CreateDomain();
        domain.Suspension = new SimulatedSuspension(outcome);
        hypervisor.Run(() => TimeContract.All.Single(time => time.Name == name).Run(new TimeWorld(domain.Platform, async () =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(seed * 7), hypervisor.Time);
            hypervisor.Time.Skip(TimeSpan.FromMilliseconds(1100 * seed));
            Assert.Equal(outcome, await domain.Platform.Lifecycle.SuspendAsync());
        })));
    }

    private static Func<ContractWorld, Task> Find(string name) => PlatformContract.All.Single(contract => contract.Name == name).Run;
}
