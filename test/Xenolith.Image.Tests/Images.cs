using System.Diagnostics;
using System.Reflection;

namespace Xenolith.Image.Tests;

/// <summary>The images under test.</summary>
internal static class Images
{
    private static readonly string Root = typeof(Images).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;

    internal static string Hello { get; } = Published("samples/Hello");

    internal static string GracefulShutdown { get; } = Published("samples/GracefulShutdown");

    internal static string Busy { get; } = Published("samples/Busy");

    internal static string Checksum { get; } = Published("samples/Checksum");

    internal static string EventPing { get; } = Published("samples/EventPing");

    internal static string MigrateMe { get; } = Published("samples/MigrateMe");

    internal static string XenstoreTour { get; } = Published("samples/XenstoreTour");

    /// <summary>Its first argument says what it does.</summary>
    internal static string Scenarios { get; } = Published("test/Programs/Scenarios");

    /// <summary>Makes random system calls, as many as it is told.</summary>
    internal static string SystemCallFuzz { get; } = Published("test/Programs/SystemCallFuzz");

    /// <summary>Its first argument names a scenario of the platform API.</summary>
    internal static string Platform { get; } = Published("test/Programs/Platform");

    /// <summary>Draws random numbers after each resume.</summary>
    internal static string Copies { get; } = Published("test/Programs/Copies");

    /// <summary>Has event sources.</summary>
    internal static string EventSources { get; } = Published("test/Programs/EventSources");

    /// <summary>Its first argument names a defect that must end it. Its kernel has functions that break it.</summary>
    internal static string Defects { get; } = Published("test/Programs/Defects");

    /// <summary>Checks the contract that every platform keeps.</summary>
    internal static string Contract { get; } = Published("test/Programs/Contract");

    /// <summary>No image, but the Linux program that takes traces in dom0.</summary>
    internal static string Tracer { get; } = Path.Combine(Root, "src/Xenolith.Tracer/bin/Release/net10.0/linux-x64/publish/xenolith-tracer");

    /// <summary>What System.IO does, told the same on Linux and as a domain.</summary>
    internal static string Files { get; } = Published("test/Conformance/Files");

    /// <summary>System.Security.Cryptography and TLS: prints what it observes.</summary>
    internal static string Crypto { get; } = Published("test/Conformance/Crypto");

    /// <summary>A program that prints what it observes, to be compared with what it prints as a Linux process.</summary>
    internal static string Conformance(string program) => Published($"test/Conformance/{program}");

    /// <summary>Brings all images up to date with their sources, the kernel's included.</summary>
    internal static async Task PublishAsync(CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new("dotnet", ["msbuild", Path.Combine(Root, "test", "Programs", "Images.proj"), "-nologo", "-verbosity:quiet", "-terminalLogger:off", "-maxCpuCount"])
        {
            RedirectStandardOutput = true,
        };
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name); // what started the tests may itself be a build
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"The images could not be published:\n{output}");
    }

    private static string Published(string project) => Path.Combine(Root, project, "bin/Release/net10.0/linux-x64/publish", $"{Path.GetFileName(project)}.xen");
}
