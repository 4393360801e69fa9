using CsCheck;
using Xenolith.Simulation;

namespace Xenolith.Tests.Xenbus;

/// <summary>
/// A device's two ends with requests under way, and a suspension at every possible moment: before each continuation, and between any two operations
/// of the front end's driver. What must hold is in <see cref="EchoWorld"/>.
/// </summary>
public sealed class AttachmentModelTests
{
    /// <summary>What happens at a moment.</summary>
    public enum Incident
    {
        ResumeInPlace,
        ResumeElsewhere,
        Cancelled,
        Refused,
        BackendDies,
        BackendRestarts,
        FrontendFault,
        BackendFault,
    }

    [Theory]
    [InlineData(Incident.ResumeInPlace)]
    [InlineData(Incident.ResumeElsewhere)]
    [InlineData(Incident.Cancelled)]
    [InlineData(Incident.Refused)]
    [InlineData(Incident.BackendDies)]
    [InlineData(Incident.BackendRestarts)]
    public void At_every_moment_of_a_connection_it_ends_well(Incident incident)
    {
        long moments = Live(seed: 1, []);
        Assert.InRange(moments, 500, 20_000);
        for (long moment = 0; moment < moments; moment++)
            Live(seed: 1, [(moment, incident)]);
    }

    [Theory]
    [InlineData(Incident.ResumeInPlace, Incident.ResumeInPlace)]
    [InlineData(Incident.ResumeElsewhere, Incident.ResumeInPlace)]
    [InlineData(Incident.ResumeInPlace, Incident.ResumeElsewhere)]
    [InlineData(Incident.BackendRestarts, Incident.ResumeInPlace)]
    public void At_every_moment_of_what_follows_an_incident_another_ends_well(Incident first, Incident second)
    {
        const long When = 300; // requests are under way
        for (long gap = 1; gap < 300; gap++)
            Live(seed: 2, [(When, first), (When + gap, second)]);
    }

    [Fact]
    public void Any_incidents_at_any_moments_end_well() => Gen.Select(
            Gen.Int[1, int.MaxValue],
            Gen.Select(Gen.Long[0, 1500], Gen.Enum<Incident>()).Array[1, 8])
        .Sample((seed, incidents) => Live(seed, incidents), iter: 500, threads: 1);

    /// <summary>Runs a world to which the incidents happen.</summary>
    /// <returns>The moments in which the device was in use.</returns>
    private static long Live(int seed, (long Moment, Incident Incident)[] incidents)
    {
        using EchoWorld world = new(seed, migrations: incidents.Count(one => one.Incident == Incident.ResumeElsewhere))
        {
            HasFaults = incidents.Any(one => one.Incident is Incident.FrontendFault or Incident.BackendFault),
        };
        Queue<(long Moment, Incident Incident)> coming = new(incidents.OrderBy(one => one.Moment));
        long now = 0;
        bool isHappening = false;
        world.Hypervisor.BeforeStep = _ => Pass();
        world.Moment = Pass;
        try
        {
            world.Run();
        }
        catch (Exception error)
        {
            string happened = string.Join(", ", incidents.Select(one => $"{one.Incident} at {one.Moment}"));
            throw new InvalidOperationException($"Seed {seed}, {happened}: {error.Message}", error);
        }
        return now;

        void Pass()
        {
            if (!world.IsAtWork || isHappening)
                return;
            isHappening = true; // what it does at once is the same moment
            for (; coming.TryPeek(out var next) && next.Moment <= now; coming.Dequeue())
                Happen(world, next.Incident, seed);
            isHappening = false;
            now++;
        }
    }

    private static void Happen(EchoWorld world, Incident incident, int seed)
    {
        switch (incident)
        {
            case Incident.ResumeInPlace or Incident.ResumeElsewhere:
                world.Resume(elsewhere: incident == Incident.ResumeElsewhere);
                break;
            case Incident.Cancelled or Incident.Refused:
                world.SuspendInVain(incident == Incident.Refused ? XenError.NotPermitted : XenError.None);
                break;
            case Incident.BackendDies:
                world.KillBackend();
                break;
            case Incident.BackendRestarts:
                world.RestartBackend();
                break;
            case Incident.FrontendFault:
                SimulatedOperation[] own = [SimulatedOperation.Grant, SimulatedOperation.AllocatePages, SimulatedOperation.OpenPort];
                world.Front.Faults.Fail(own[seed % own.Length], XenError.NoSpace);
                break;
            case Incident.BackendFault:
                SimulatedOperation[] others = [SimulatedOperation.Map, SimulatedOperation.OpenPort];
                world.Back.Faults.Fail(others[seed % others.Length], XenError.NoSpace);
                break;
        }
    }
}
