// Tests of every kind that xunit has, some of which fail, as they should.
using Xunit;

namespace Conformance;

public sealed class Fixture : IAsyncLifetime
{
    public int Value { get; private set; }

    public async ValueTask InitializeAsync()
    {
        await Task.Delay(1);
        Value = 17;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

public sealed class FactTests(Fixture fixture, ITestOutputHelper output) : IClassFixture<Fixture>, IDisposable
{
    public static TheoryData<string, int> Lengths { get; } = new() { { "", 0 }, { "abc", 3 }, { "äöü", 3 } };

    [Fact]
    public void A_fact_passes() => Assert.Equal(17, fixture.Value);

    [Fact]
    public async Task A_fact_awaits()
    {
        await Task.Delay(5, TestContext.Current.CancellationToken);
        output.WriteLine("after 5 ms");
    }

    [Fact]
    public void A_wrong_fact_fails() => Assert.Equal("expected", "actual");

    [Fact]
    public void A_fact_that_throws_fails() => throw new InvalidOperationException("thrown");

    [Fact(Skip = "not now")]
    public void A_fact_is_skipped() => Assert.Fail("never run");

    [Theory]
    [InlineData(1, 2, 3)]
    [InlineData(2, 2, 5)]
    public void A_theory_has_data_inline(int a, int b, int sum) => Assert.Equal(sum, a + b);

    [Theory]
    [MemberData(nameof(Lengths))]
    public void A_theory_has_data_of_a_member(string text, int length) => Assert.Equal(length, text.Length);

    public void Dispose() => output.WriteLine("disposed");
}

public sealed class AssertTests
{
    [Fact]
    public async Task Exceptions_are_asserted()
    {
        Assert.Equal("x", Assert.Throws<ArgumentException>("x", new Action(() => throw new ArgumentException("bad", "x"))).ParamName);
        await Assert.ThrowsAsync<TimeoutException>(() => Task.FromException(new TimeoutException()));
    }

    [Fact]
    public void Collections_are_asserted()
    {
        Assert.Equal([1, 2, 3], (List<int>)[1, 2, 3]);
        Assert.Collection([1, 2], i => Assert.Equal(1, i), i => Assert.Equal(2, i));
        Assert.Contains("b", (string[])["a", "b"]);
        Assert.All([2, 4], i => Assert.Equal(0, i % 2));
        Assert.Equivalent(new { A = 1, B = "b" }, new { A = 1, B = "b" });
    }

    [Fact]
    public void Text_and_ranges_are_asserted()
    {
        Assert.StartsWith("ab", "abc");
        Assert.Matches("^a.c$", "abc");
        Assert.InRange(3, 1, 5);
        Assert.IsType<string>((object)"text");
    }
}
