using Spectre.Console;

namespace Xenolith.Bench.Boot;

/// <summary>Everything measured in one run.</summary>
internal sealed class Results
{
    private const long MainTarget = 1_000_000;
    private const int ExitsTarget = 60;
    private const double GrowthTarget = 0.05;
    private const long ImageTarget = 2 * 1024 * 1024;
    private const int MemoryTarget = 16;

    private const int Small = 32, Large = 4096;

    public List<InstructionClock> Instructions { get; } = [];

    public List<WallClock> Times { get; } = [];

    public IReadOnlyList<WallClock> UndisturbedTimes => Calibration.Undisturbed(Times, round => round.Calibration);

    public int LeastMemory { get; set; }

    public required ImageSizes Sizes { get; init; }

    public Table ToTable()
    {
        Table table = new() { Border = TableBorder.Markdown };
        table.AddColumns("figure", "median", "least", "most", "target");
        foreach (IGrouping<int, InstructionClock> runs in Instructions.GroupBy(run => run.Memory))
            Add($"entry to Main, {runs.Key} MiB, instructions", runs.Select(run => run.ToMain), MainTarget);
        AddGrowth("  growth from 32 MiB to 4 GiB", run => run.ToMain);
        foreach (IGrouping<int, InstructionClock> runs in Instructions.GroupBy(run => run.Memory))
            Add($"entry to shutdown, {runs.Key} MiB, instructions", runs.Select(run => run.ToShutdown), null);
        foreach (IGrouping<int, InstructionClock> runs in Instructions.GroupBy(run => run.Memory))
            Add($"VM exits, {runs.Key} MiB", runs.Select(run => (long)run.Exits.Values.Sum()), ExitsTarget);
        AddGrowth("  growth from 32 MiB to 4 GiB", run => run.Exits.Values.Sum());
        InstructionClock[] usual = [.. Instructions.Where(run => run.Memory == Small)];
        foreach (string kind in usual.SelectMany(run => run.Exits.Keys).Distinct().Order(StringComparer.Ordinal))
            Add($"  {kind}, {Small} MiB", usual.Select(run => (long)run.Exits.GetValueOrDefault(kind)), null);
        foreach (uint number in usual.SelectMany(run => run.Hypercalls.Keys).Distinct().Order())
            Add($"    {NameOf(number)}, {Small} MiB", usual.Select(run => (long)run.Hypercalls.GetValueOrDefault(number)), null);
        Add($"host interrupts meanwhile, {Small} MiB", usual.Select(run => (long)run.Interrupts), null);

        IReadOnlyList<WallClock> times = UndisturbedTimes;
        AddTime("unpause to line, unikernel, ms", times.Select(round => round.Unikernel));
        AddTime("unpause to line, Linux PVH, ms", times.Select(round => round.Linux));
        AddRatio("  Linux / unikernel", times);
        AddRow($"  disturbed rounds, of {Times.Count}", $"{Times.Count - times.Count}", "", "", "");
        AddRatio("  Linux / unikernel, all rounds", Times);
        AddTime("  calibration loop, all rounds, ms", Times.Select(round => round.Calibration));

        AddRow("least memory, MiB", $"{LeastMemory}", "", "", $"at most {MemoryTarget}");
        AddRow("image, bytes", $"{Sizes.Stripped:n0}", "", "", $"at most {ImageTarget:n0}");
        AddRow("  with symbols", $"{Sizes.WithSymbols:n0}", "", "", "");
        AddRow("kernel code, bytes", $"{Sizes.KernelCode:n0}", "", "", "");
        AddRow("  constants and data", $"{Sizes.KernelData:n0}", "", "", "");
        AddRow("  zeros", $"{Sizes.KernelZeros:n0}", "", "", "");
        return table;

        void Add(string figure, IEnumerable<long> values, long? target)
        {
            Summary sum = Summary.Of(values.Select(value => (double)value));
            AddRow(figure, $"{sum.Median:n0}", $"{sum.Least:n0}", $"{sum.Most:n0}", target is null ? "" : $"at most {target:n0}");
        }

        void AddTime(string figure, IEnumerable<TimeSpan> values)
        {
            Summary sum = Summary.Of(values.Select(value => value.TotalMilliseconds));
            AddRow(figure, $"{sum.Median:n0}", $"{sum.Least:n0}", $"{sum.Most:n0}", "");
        }

        void AddRatio(string figure, IEnumerable<WallClock> rounds)
        {
            Summary sum = Summary.Of(rounds.Select(round => round.Linux / round.Unikernel));
            AddRow(figure, $"{sum.Median:0.0}", $"{sum.Least:0.0}", $"{sum.Most:0.0}", "");
        }

        void AddGrowth(string figure, Func<InstructionClock, double> value)
        {
            double small = Summary.Of(Instructions.Where(run => run.Memory == Small).Select(value)).Median;
            double large = Summary.Of(Instructions.Where(run => run.Memory == Large).Select(value)).Median;
            AddRow(figure, $"{large / small - 1:0.0%}", "", "", $"at most {GrowthTarget:0%}");
        }

        void AddRow(params string[] cells) => table.AddRow([.. cells.Select(Markup.Escape)]);
    }

    /// <summary>A hypercall's name, from Xen's <c>public/xen.h</c>.</summary>
    private static string NameOf(uint number) => number switch
    {
        12 => "memory_op",
        13 => "multicall",
        15 => "set_timer_op",
        17 => "xen_version",
        20 => "grant_table_op",
        24 => "vcpu_op",
        29 => "sched_op",
        32 => "event_channel_op",
        34 => "hvm_op",
        _ => $"hypercall {number}",
    };
}
