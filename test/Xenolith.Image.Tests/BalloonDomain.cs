using System.Globalization;
using Xenolith.Bed;
using Xunit;

namespace Xenolith.Image.Tests;

/// <summary>
/// A domain of the scenario "balloon", whatever its number is: takes orders, and tells how its memory follows the toolstack's target.
/// </summary>
internal sealed class BalloonDomain : IAsyncDisposable
{
    private const int Kibi = 1024;

    // Of xl, which copies the domain's memory in emulation, and of a collection in a domain that competes for the processor.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly TestBed _bed;
    private readonly Domain _first;
    private int _orders;

    private BalloonDomain(TestBed bed, Domain first) => (_bed, _first) = (bed, first);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    internal static async Task<BalloonDomain> StartAsync(TestBed bed, string image, string name, int memory, int maximum)
    {
        Domain domain = await bed.CreateDomainAsync(
            new() { Name = name, ImagePath = image, CommandLine = "balloon", Memory = memory, MaxMemory = maximum }, Cancellation);
        BalloonDomain balloon = new(bed, domain);
        await balloon.WaitAsync("Reached", memory);
        return balloon;
    }

    public async ValueTask DisposeAsync()
    {
        await _bed.RunAsync("xl", "destroy", _first.Name); // gone, perhaps
        await _bed.RunAsync("rm", "-f", File);
        await _first.DisposeAsync();
    }

    private string File => $"/{_first.Name}.save";

    /// <summary>Has the program do something, and returns its answer.</summary>
    internal async Task<string> OrderAsync(string order)
    {
        string home = await HomeAsync(), numbered = FormattableString.Invariant($"{order} #{++_orders}");
        await _bed.Xenstore.WriteAsync($"{home}/data/order", numbered, Cancellation);
        string? answer = await _bed.Xenstore.WaitAsync(
            $"{home}/data/answer", value => value?.StartsWith($"{numbered}: ", StringComparison.Ordinal) == true, Patience, Cancellation);
        return answer![(numbered.Length + 2)..];
    }

    internal Task SetTargetAsync(int mebibytes) => XlAsync("mem-set", _first.Name, mebibytes.ToString(CultureInfo.InvariantCulture));

    /// <summary>Waits until the program says that it has come so far with a target, in MiB. The memory that it has then, in MiB.</summary>
    internal async Task<int> WaitAsync(string state, int target)
    {
        string wanted = FormattableString.Invariant($"{state} {target * Kibi} ");
        string? status = await _bed.Xenstore.WaitAsync(
            $"{await HomeAsync()}/data/balloon", value => value?.StartsWith(wanted, StringComparison.Ordinal) == true, Patience, Cancellation);
        return int.Parse(status!.Split(' ')[2], CultureInfo.InvariantCulture) / Kibi;
    }

    /// <summary>The memory that it has by Xen's account, in MiB.</summary>
    internal async Task<int> ListedAsync()
    {
        string list = await XlAsync("list", _first.Name);
        return int.Parse(list.Trim().Split('\n')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[2], CultureInfo.InvariantCulture);
    }

    internal async Task SaveAndRestoreAsync()
    {
        await XlAsync("save", _first.Name, File);
        await XlAsync("restore", "-e", File);
    }

    /// <summary>Ends the program, which must not have found anything wrong. Its output.</summary>
    internal async Task<string> EndAsync()
    {
        string home = await HomeAsync();
        await _bed.Xenstore.WriteAsync($"{home}/data/order", "end", Cancellation);
        string? code = await _bed.Xenstore.WaitAsync($"{home}/data/exit-code", value => value is not null, Patience, Cancellation);
        string output = (await ReadConsolesAsync()).Replace("\r\n", "\n", StringComparison.Ordinal);
        Assert.True(code == "0", output);
        return output;
    }

    private async Task<string> HomeAsync() => $"/local/domain/{(await XlAsync("domid", _first.Name)).Trim()}";

    private async Task<string> XlAsync(params string[] arguments)
    {
        CommandResult result = await _bed.RunAsync(new Dom0Command { Program = "xl", Arguments = arguments, Timeout = Patience }, Cancellation);
        Assert.True(result.ExitCode == 0, $"xl {string.Join(' ', arguments)}: {result.Error}\n{await ReadConsolesAsync()}");
        return result.Output;
    }

    private async Task<string> ReadConsolesAsync() => (await _bed.RunAsync("sh", "-c", $"cat /var/log/xen/console/guest-{_first.Name}*.log")).Output;
}
