// Arguments, variables, the process, the culture.
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace Conformance;

internal static class Surroundings
{
    internal static int Arguments(string[] args)
    {
        foreach (string argument in args)
            Console.WriteLine($"argument [{argument}]");
        Console.WriteLine($"of the command line: {Environment.GetCommandLineArgs().Length - 2}");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Console.WriteLine($"ProcessExit with {Environment.ExitCode}");
        Environment.Exit(3);
        return 1;
    }

    internal static void Variables()
    {
        Environment.SetEnvironmentVariable("NEW", "value");
        Console.WriteLine($"{Environment.GetEnvironmentVariable("NEW")}, {Environment.ExpandEnvironmentVariables("<%NEW%> <%NONE%>")}, missing: {Environment.GetEnvironmentVariable("NONE") is null}");
        Environment.SetEnvironmentVariable("NEW", null);
        Console.WriteLine($"removed: {Environment.GetEnvironmentVariable("NEW") is null}");
        Console.WriteLine($"processors at least 1: {Environment.ProcessorCount >= 1}, 64 bits {Environment.Is64BitProcess}, page {Environment.SystemPageSize}, new line {Environment.NewLine.Length}");
        Console.WriteLine($"{Environment.OSVersion.Platform} {RuntimeInformation.OSArchitecture} {RuntimeInformation.RuntimeIdentifier}, Linux {OperatingSystem.IsLinux()}, interactive {Environment.UserInteractive}");
        Console.WriteLine($"runtime {Environment.Version.Major} {RuntimeInformation.FrameworkDescription.Split(' ')[0]}, machine name {Environment.MachineName.Length > 0}, privileged {Environment.IsPrivilegedProcess}");
        Console.WriteLine($"tick count grows: {Environment.TickCount64 > 0}, exit code {Environment.ExitCode}, shutting down {Environment.HasShutdownStarted}");
    }

    internal static void ThisProcess()
    {
        using Process process = Process.GetCurrentProcess();
        Console.WriteLine($"number: {process.Id > 0} {process.Id == Environment.ProcessId}, path: {Environment.ProcessPath?.StartsWith('/')}");
        Console.WriteLine($"processor time of this process above zero: {Environment.CpuUsage.TotalTime > TimeSpan.Zero}");
        TimeSpan before = Environment.CpuUsage.TotalTime;
        Stopwatch clock = Stopwatch.StartNew();
        double x = 1;
        while (clock.ElapsedMilliseconds < 100)
            x = Math.Sqrt(x + 1);
        Console.WriteLine($"grows with work: {Environment.CpuUsage.TotalTime > before && x > 0}");
    }

    internal static void Application()
    {
        Console.WriteLine($"{AppContext.TargetFrameworkName}, base directory {AppContext.BaseDirectory.StartsWith('/') && AppContext.BaseDirectory.EndsWith('/')}, {AppDomain.CurrentDomain.FriendlyName}, {Assembly.GetEntryAssembly()?.GetName().Name}");
        AppContext.SetSwitch("Test.Switch", true);
        Console.WriteLine($"switch {AppContext.TryGetSwitch("Test.Switch", out bool on)} {on}, unknown {AppContext.TryGetSwitch("Test.Unknown", out _)}");
        AppContext.SetData("Test.Data", 17);
        Console.WriteLine($"data {AppContext.GetData("Test.Data")}");
    }

    internal static void Cultures()
    {
        Console.WriteLine($"culture [{CultureInfo.CurrentCulture.Name}], of user interface [{CultureInfo.CurrentUICulture.Name}], all: {CultureInfo.GetCultures(CultureTypes.AllCultures).Length}");
        try
        {
            Console.WriteLine(new CultureInfo("de-DE").Name);
        }
        catch (CultureNotFoundException)
        {
            Console.WriteLine("de-DE: CultureNotFoundException");
        }
        Console.WriteLine($"{1234567.891:N2} {0.256:P1} {1234.5:C} {new DateTime(2026, 3, 4, 5, 6, 7):F} {-5:D4} {255:X}");
        Console.WriteLine($"{"straße ÄÖ ǆ".ToUpperInvariant()} {"İI".ToLowerInvariant()} {string.Compare("a", "B", StringComparison.InvariantCulture) > 0} {string.Compare("ä", "Ä", StringComparison.OrdinalIgnoreCase)} {"encyclopædia".IndexOf("ae", StringComparison.InvariantCulture)}");
        Console.WriteLine($"{"e\u0301".Normalize(NormalizationForm.FormC).Length} {new StringInfo("👩‍👩‍👧e\u0301").LengthInTextElements} {CharUnicodeInfo.GetUnicodeCategory('ß')} {char.IsLetter('中')} {Rune.GetRuneAt("🦄", 0).Value:X}");
        Console.WriteLine($"{string.Join(' ', new[] { "b", "a", "C", "ä", "Z" }.Order())} {string.Join(' ', new[] { "b", "a", "C", "ä", "Z" }.Order(StringComparer.OrdinalIgnoreCase))}");
        Console.WriteLine($"{Encoding.GetEncoding("iso-8859-1").GetBytes("é").Length} {Encoding.UTF32.GetByteCount("🦄")} {Encoding.GetEncoding(1200).WebName} {new IdnMapping().GetAscii("bücher.example")}");
    }

    internal static void Identifiers()
    {
        HashSet<Guid> guids = [.. Enumerable.Range(0, 20_000).Select(_ => Guid.NewGuid())];
        Console.WriteLine($"{guids.Count} different, all of version 4: {guids.All(g => g.Version == 4 && g.Variant is >= 8 and <= 11)}");
        Guid[] ordered = [.. Enumerable.Range(0, 5).Select(i => Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddMilliseconds(i)))];
        Console.WriteLine($"version 7 in order: {ordered.SequenceEqual(ordered.Order())} {ordered[0].Version}");
        int[] bits = new int[128];
        foreach (Guid guid in guids)
        {
            UInt128 value = new(BitConverter.ToUInt64(guid.ToByteArray()), BitConverter.ToUInt64(guid.ToByteArray(), 8));
            for (int i = 0; i < 128; i++)
                bits[i] += (int)(value >> i & 1);
        }
        Console.WriteLine($"bits that are set in half of them, within 3 in 100: {bits.Count(b => b is > 9400 and < 10600)}");
        Console.WriteLine($"Random: {new Random(1).Next()} {new Random(1).NextDouble():R}, two of them differ: {new Random().NextInt64() != new Random().NextInt64()}, shared in range {Random.Shared.Next(5, 6)}");
        HashCode hash = default;
        hash.Add("text");
        Console.WriteLine($"hash codes are the same within a process: {hash.ToHashCode() == HashCode.Combine("text")} {"text".GetHashCode() == new string("text").GetHashCode()}");
    }
}
