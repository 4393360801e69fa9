namespace Xenolith.Simulation;

/// <summary>Operations that can be made to fail.</summary>
public enum SimulatedOperation
{
    /// <summary>Making or binding a port.</summary>
    OpenPort,

    /// <summary>Notifying.</summary>
    Notify,

    /// <summary>Allocating I/O pages; whatever the error, there is no memory.</summary>
    AllocatePages,

    /// <summary>Making the grant table larger; whatever the error, it stays as it is.</summary>
    GrowGrantTable,

    /// <summary>Granting a page.</summary>
    Grant,

    /// <summary>Ending a grant.</summary>
    EndGrant,

    /// <summary>Mapping a foreign page.</summary>
    Map,

    /// <summary>Ending a mapping.</summary>
    Unmap,

    /// <summary>Copying a piece.</summary>
    Copy,

    /// <summary>A step of giving memory back to Xen; whatever the error, it is in use.</summary>
    GiveMemory,

    /// <summary>A step of having memory from Xen; whatever the error, Xen has none.</summary>
    TakeMemory,
}

/// <summary>Makes operations of one domain fail: the next few, or some by chance, drawn from the seed.</summary>
/// <remarks>Safe from any thread.</remarks>
public sealed class SimulatedFaults
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SimulatedOperation, Plan> _plans = [];
    private readonly Random _random;

    internal SimulatedFaults(int seed) => _random = new Random(seed);

    private sealed record Plan(XenError Error, double Probability)
    {
        internal int After { get; set; }

        internal int Times { get; set; }
    }

    /// <summary>Lets some calls pass and then fails some.</summary>
    /// <param name="operation">Which.</param>
    /// <param name="error">How.</param>
    /// <param name="times">How many fail.</param>
    /// <param name="after">How many succeed before.</param>
    public void Fail(SimulatedOperation operation, XenError error, int times = 1, int after = 0)
    {
        lock (_lock)
            _plans[operation] = new Plan(error, 1) { Times = times, After = after };
    }

    /// <summary>Fails each call with a probability from 0 to 1, until <see cref="Clear"/>.</summary>
    public void FailByChance(SimulatedOperation operation, XenError error, double probability)
    {
        lock (_lock)
            _plans[operation] = new Plan(error, probability) { Times = int.MaxValue };
    }

    /// <summary>Lets everything succeed again.</summary>
    public void Clear()
    {
        lock (_lock)
            _plans.Clear();
    }

    internal XenError Next(SimulatedOperation operation)
    {
        lock (_lock)
        {
            if (!_plans.TryGetValue(operation, out Plan? plan) || plan.Times == 0)
                return XenError.None;
            if (plan.After > 0)
            {
                plan.After--;
                return XenError.None;
            }
            if (plan.Probability < 1 && _random.NextDouble() >= plan.Probability)
                return XenError.None;
            if (plan.Times != int.MaxValue)
                plan.Times--;
            return plan.Error;
        }
    }
}
