using Xenolith.Cli.Tracing;

namespace Xenolith.Cli.Tests;

/// <summary>The file of a trace: what was in it, and when that goes.</summary>
public sealed class TraceFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Path => _directory.Combine("file");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_earlier_trace_goes_with_the_first_sign_of_a_new_one_of_which_nothing_is_lost(bool isBegunFirst)
    {
        _directory.Write("file", "an earlier trace that is long");
        using (TraceFile file = new(Path))
        {
            if (isBegunFirst)
                file.Begin();
            await file.Stream.WriteAsync("new, "u8.ToArray(), TestContext.Current.CancellationToken);
            file.Begin(); // the word of it may come later than its first bytes
            file.Stream.Write("and more"u8);
        }
        Assert.Equal("new, and more", await File.ReadAllTextAsync(Path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_file_that_was_made_for_nothing_is_removed_and_an_earlier_trace_is_kept()
    {
        new TraceFile(Path).Dispose();
        Assert.False(File.Exists(Path));
        _directory.Write("file", "an earlier trace");
        new TraceFile(Path).Dispose();
        Assert.Equal("an earlier trace", File.ReadAllText(Path));
    }
}
