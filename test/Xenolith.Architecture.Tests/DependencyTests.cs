namespace Xenolith.Architecture.Tests;

/// <summary>Dependencies point one way: ARCHITECTURE.md, "The map".</summary>
public sealed class DependencyTests
{
    /// <summary>Every project of src/, the projects whose code it may use, and those that need only be built before it.</summary>
    private static readonly Dictionary<string, (string[] Code, string[] BuildOrder)> Allowed = new()
    {
        ["Xenolith.Abi"] = ([], []),
        ["Xenolith.Kernel"] = (["Xenolith.Abi"], []),
        ["Xenolith"] = (["Xenolith.Abi"], []),
        ["Xenolith.Simulation"] = (["Xenolith"], []),
        ["Xenolith.Hosting"] = (["Xenolith"], []),
        ["Xenolith.Sdk"] = ([], []),
        ["Xenolith.Bed"] = ([], ["Xenolith.Bed.Agent"]), // embeds its program
        ["Xenolith.Bed.Agent"] = (["Xenolith.Bed"], []), // the protocol's sources
        ["Xenolith.Perfetto"] = (["Xenolith"], []),
        ["Xenolith.Tracer"] = (["Xenolith.Perfetto"], []),
        ["Xenolith.Cli"] = (["Xenolith.Abi", "Xenolith.Bed", "Xenolith.Sdk"], ["Xenolith.Kernel", "Xenolith.Tracer"]), // carries the object of one, the program of the other
    };

    public static TheoryData<string> Projects => [.. ProjectGraph.Projects("src").Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_uses_only_what_lies_below_it(string project)
    {
        Assert.True(Allowed.TryGetValue(project, out var allowed), $"{project} is new: say here and in ARCHITECTURE.md what it may use");
        string file = ProjectGraph.Projects("src")[project];
        Assert.Empty(ProjectGraph.CodeUsedBy(file).Except(allowed.Code));
        Assert.Empty(ProjectGraph.BuiltBefore(file).Except(allowed.BuildOrder));
    }

    [Fact]
    public void The_product_leads_to_no_test_benchmark_or_sample() =>
        Assert.DoesNotContain(
            Repository.Sources.Where(p => p.StartsWith("src/", StringComparison.Ordinal) && Path.GetExtension(p) is ".csproj" or ".props" or ".targets")
                .SelectMany(ProjectGraph.PathsOutOf),
            path => path.Contains("../test/", StringComparison.Ordinal) || path.Contains("../bench/", StringComparison.Ordinal) || path.Contains("../samples/", StringComparison.Ordinal));

    [Fact]
    public void The_solution_has_every_project_that_a_host_can_run()
    {
        string solution = Repository.Read("Xenolith.slnx");
        // The kernel is built for no host; the projects that carry its object build it.
        Assert.All(
            Repository.Sources.Where(p => p.EndsWith(".csproj", StringComparison.Ordinal) && !p.StartsWith("src/Xenolith.Kernel/", StringComparison.Ordinal)),
            project => Assert.Contains($"\"{project}\"", solution));
    }
}
