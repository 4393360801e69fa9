using System.Globalization;
using Xenolith.Bed;
using Xunit;

namespace Xenolith.Image.Tests;

/// <summary>
/// A domain that is saved, restored and migrated, whatever its number is meanwhile, with a program that answers questions: what is written to its
/// data/question comes back in data/answer, with the time, or what the program holds.
/// </summary>
internal sealed class Traveller : IAsyncDisposable
{
    // Of xl, which copies the domain's memory in emulation, and of a program's rest.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(6);

    private readonly TestBed _bed;
    private readonly Domain _first;
    private int _questions;

    private Traveller(TestBed bed, Domain first) => (_bed, _first) = (bed, first);

    internal string Name => _first.Name;

    internal string File => $"/{Name}.save";

    /// <summary>Its console until the first suspension.</summary>
    internal Domain First => _first;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Starts a program, and returns when it has said a word.</summary>
    internal static async Task<Traveller> StartAsync(TestBed bed, DomainOptions options, string word = "working")
    {
        Domain domain = await bed.CreateDomainAsync(options, Cancellation);
        await domain.Console.WaitForLineAsync(word, cancellationToken: Cancellation);
        return new Traveller(bed, domain);
    }

    /// <summary>A domain that somebody else has started.</summary>
    internal static Traveller Of(TestBed bed, Domain domain) => new(bed, domain);

    public async ValueTask DisposeAsync()
    {
        await _bed.RunAsync("xl", "destroy", Name); // gone, perhaps
        await _bed.RunAsync("rm", "-f", File);
        await _first.DisposeAsync();
    }

    internal async Task SaveAndRestoreAsync()
    {
        await XlAsync("save", Name, File);
        await XlAsync("restore", "-e", File);
    }

    internal Task CheckpointAsync() => XlAsync("save", "-c", Name, File);

    internal Task MigrateAsync() => XlAsync("migrate", "-s", "", Name, "xl migrate-receive -e");

    internal async Task<string> XlAsync(params string[] arguments)
    {
        CommandResult result = await _bed.RunAsync(new Dom0Command { Program = "xl", Arguments = arguments, Timeout = s_patience }, Cancellation);
        Assert.True(result.ExitCode == 0, $"xl {string.Join(' ', arguments)}: {result.Error}\n{await ReadConsolesAsync()}");
        return result.Output;
    }

    internal async Task<int> ReadIdAsync() => int.Parse(await XlAsync("domid", Name), CultureInfo.InvariantCulture);

    /// <summary>Asks the program for what it holds, NAME=NUMBER for each.</summary>
    internal async Task<IReadOnlyDictionary<string, long>> AskForHoldingsAsync(string question = "count")
    {
        question = string.Create(CultureInfo.InvariantCulture, $"{question}-{_questions++}");
        string data = await DataAsync();
        await _bed.Xenstore.WriteAsync($"{data}/question", question, Cancellation);
        string? answer = await _bed.Xenstore.WaitAsync(
            $"{data}/answer", value => value?.StartsWith($"{question} ", StringComparison.Ordinal) == true, s_patience, Cancellation);
        return answer!.Split(' ')[1..].Select(word => word.Split('=')).ToDictionary(pair => pair[0], pair => long.Parse(pair[1], CultureInfo.InvariantCulture));
    }

    /// <summary>The ports of the domain that Xen has: not what the domain believes.</summary>
    internal async Task<int> CountPortsInXenAsync() =>
        (await _bed.RunShellAsync($"/usr/lib/xen-4.17/bin/lsevtchn {await ReadIdAsync()} | wc -l", Cancellation)).Output is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException("lsevtchn says nothing");

    /// <summary>Waits for the program's end, and returns its exit code and its output on all of its consoles.</summary>
    internal async Task<(string? ExitCode, string Output)> CompleteAsync()
    {
        try
        {
            string? code = await _bed.Xenstore.WaitAsync($"{await DataAsync()}/exit-code", value => value is not null, cancellationToken: Cancellation);
            // It stops when xenconsoled has its last words, or is gone. xl has no command that waits for that.
            await _bed.RunShellAsync($"while xl list {Name} | tail -n +2 | grep -qv -e --s--; do :; done", Cancellation);
            return (code, await ReadConsolesAsync());
        }
        catch (BedTimeoutException)
        {
            return (null, await ReadConsolesAsync());
        }
    }

    internal async Task<string> DataAsync()
    {
        int id = await ReadIdAsync();
        return string.Create(CultureInfo.InvariantCulture, $"/local/domain/{id}/data");
    }

    /// <summary>What the program has said on all of its consoles.</summary>
    internal async Task<string> ReadConsolesAsync() =>
        (await _bed.RunShellAsync($"cat /var/log/xen/console/guest-{Name}*.log", Cancellation)).Output.Replace("\r", "", StringComparison.Ordinal);
}
