namespace Xenolith.Cli.Running;

/// <summary>A run of an image.</summary>
internal sealed record RunOptions
{
    /// <summary>The image's full path.</summary>
    internal required string Image { get; init; }

    /// <summary>The program's arguments.</summary>
    internal required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Environment variables for the program.</summary>
    internal required IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; }

    /// <summary>The domain's memory in MiB; null for what the configuration beside the image says.</summary>
    internal int? Memory { get; init; }

    /// <summary>The memory in MiB that the domain can have; null for what the configuration beside the image says.</summary>
    internal int? MaximumMemory { get; init; }

    /// <summary>The number of virtual CPUs; null for what the configuration beside the image says.</summary>
    internal int? VirtualCpus { get; init; }

    /// <summary>How long the program may run; null for as long as it likes.</summary>
    internal TimeSpan? Timeout { get; init; }

    /// <summary>Whether the program waits for gdb.</summary>
    internal bool Debugger { get; init; }

    /// <summary>The file that gets a trace; null for none.</summary>
    internal string? Trace { get; init; }

    /// <summary>What is traced: bits of <see cref="Abi.TraceCategory"/>.</summary>
    internal uint TraceCategories { get; init; }

    /// <summary>Whether the hypervisor boots from nothing.</summary>
    internal bool ColdBoot { get; init; }
}
