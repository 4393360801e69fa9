// The garbage collector, in all its modes: concurrent or not by DOTNET_gcConcurrent, of a workstation or, as GarbageServer, a server.
namespace Conformance;

internal static class Program
{
    private static int Main(string[] args) =>
        // Not one of the topics: it needs a limit on the heap, or a domain of that size.
        args is ["exhaustion"]
            ? Topics.Run([], ("exhaustion", Pressure.Exhaustion))
            : Topics.Run(
                args,
                ("mode", Heap.Mode),
                ("generations", Heap.Generations),
                ("large objects", Heap.LargeObjects),
                ("pinning", Heap.Pinning),
                ("weak references", Reachability.WeakReferences),
                ("dependent handles", Reachability.DependentHandles),
                ("finalizers", Reachability.Finalizers),
                ("no GC region", Heap.NoGCRegion),
                ("memory pressure", Pressure.Announced),
                ("stress", Pressure.Stress),
                ("churn", Pressure.Churn),
                ("memory goes back", Pressure.GoesBack));
}
