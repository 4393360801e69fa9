// Boots an image again and again on one bed and says what differed: soak [--count N] [--memory MiB] [--mask REGEX] [--core FILE] IMAGE
// Every run must end as poweroff with code 0 and print what the first one printed.
using System.CommandLine;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Xenolith.Bed;

Argument<FileInfo> imageArgument = new("IMAGE") { Description = "A Xenolith image (NAME.xen)." };
Option<int> countOption = new("--count") { DefaultValueFactory = _ => 200, Description = "How many boots." };
Option<int> memoryOption = new("--memory") { DefaultValueFactory = _ => 32, Description = "MiB of each domain." };
Option<string> argumentsOption = new("--arguments") { DefaultValueFactory = _ => "", Description = "The domain's command line." };
Option<FileInfo?> coreOption = new("--core") { Description = "Where to write the memory of the first domain that did not end." };
Option<int> timeoutOption = new("--timeout") { DefaultValueFactory = _ => 30, Description = "Seconds that a run may take." };
Option<string?> maskOption = new("--mask") { Description = "A regular expression: what matches may differ between runs, a clock for example." };
RootCommand command = new("Boots an image again and again, and fails if any run differs from the first.") { imageArgument, countOption, memoryOption, argumentsOption, coreOption, timeoutOption, maskOption };
command.SetAction(async (arguments, cancellationToken) =>
{
    await using TestBed bed = await TestBed.StartAsync(cancellationToken: cancellationToken);
    DomainOptions options = new()
    {
        ImagePath = arguments.GetValue(imageArgument)!.FullName,
        Memory = arguments.GetValue(memoryOption),
        CommandLine = arguments.GetValue(argumentsOption)!,
    };
    int count = arguments.GetValue(countOption), failures = 0;
    string? expected = null;
    List<double> seconds = [];
    for (int run = 1; run <= count; run++)
    {
        long start = Stopwatch.GetTimestamp();
        await using Domain domain = await bed.CreateDomainAsync(options, cancellationToken);
        string outcome;
        try
        {
            DomainEnd end = await domain.WaitForShutdownAsync(TimeSpan.FromSeconds(arguments.GetValue(timeoutOption)), cancellationToken);
            outcome = $"{end.Reason}, code {end.ExitCode}";
        }
        catch (BedException) when (!cancellationToken.IsCancellationRequested)
        {
            outcome = "did not end";
            if (arguments.GetValue(coreOption) is { Exists: false } core)
            {
                // Page by page in an emulated dom0: minutes.
                await bed.RunAsync(
                    new Dom0Command { Program = "xl", Arguments = ["dump-core", domain.Name, "/tmp/soak.core"], Timeout = TimeSpan.FromMinutes(15) }, cancellationToken);
                await bed.DownloadAsync("/tmp/soak.core", core.FullName, cancellationToken);
                core.Refresh();
            }
        }

        seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        string output = domain.Console.Text;
        if (arguments.GetValue(maskOption) is { } mask)
            output = Regex.Replace(output, mask, "*");
        expected ??= output;
        if (outcome == "Poweroff, code 0" && output == expected)
            continue;
        failures++;
        Console.WriteLine($"run {run}: {outcome}\n{output}");
    }

    seconds.Sort();
    Console.WriteLine($"{count} runs, {failures} failures; median {seconds[seconds.Count / 2]:f2} s, longest {seconds[^1]:f2} s");
    return failures == 0 ? 0 : 1;
});
return await command.Parse(args).InvokeAsync();
