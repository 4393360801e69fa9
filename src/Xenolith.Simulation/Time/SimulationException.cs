namespace Xenolith.Simulation;

/// <summary>A simulated program cannot go on: a deadlock, or no end in sight.</summary>
public sealed class SimulationException : Exception
{
    /// <summary>Creates the exception.</summary>
    public SimulationException(string message)
        : base(message)
    {
    }
}
