using Xenolith.Abi;

namespace Xenolith.Tracing;

/// <summary>What a trace records.</summary>
/// <remarks>
/// In a unikernel all of them; in a Linux process and in a simulation, where the kernel is another's, <see cref="Events"/>, <see cref="Grants"/>,
/// <see cref="Xenstore"/> and <see cref="User"/>.
/// </remarks>
[Flags]
public enum TraceCategories : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Garbage collections and the pauses for them.</summary>
    GarbageCollection = TraceCategory.Gc,

    /// <summary>Threads that run, start and end; the domain's CPU that waits and is woken.</summary>
    Scheduler = TraceCategory.Scheduler,

    /// <summary>Xen's timer for the domain.</summary>
    Timers = TraceCategory.Timers,

    /// <summary>Events sent and received.</summary>
    Events = TraceCategory.Events,

    /// <summary>Grants given, ended, mapped, unmapped and copied.</summary>
    Grants = TraceCategory.Grants,

    /// <summary>Requests to xenstored, its replies, watches.</summary>
    Xenstore = TraceCategory.Xenstore,

    /// <summary>Page faults that bring in memory.</summary>
    PageFaults = TraceCategory.PageFaults,

    /// <summary>The program's own: <see cref="TraceName"/> and what is built on it.</summary>
    User = TraceCategory.User,

    /// <summary>
    /// All but <see cref="PageFaults"/>: a program that starts, or whose heap grows, makes thousands of those in a moment, and they say little of it.
    /// </summary>
    Default = GarbageCollection | Scheduler | Timers | Events | Grants | Xenstore | User,

    /// <summary>Everything.</summary>
    All = Default | PageFaults,
}
