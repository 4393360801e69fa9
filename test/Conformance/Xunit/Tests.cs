// The tests that run: one of each kind. Some fail and some are skipped on purpose: what is compared is how they are reported on Linux and in a
// domain.
using System.Collections;
using System.Reflection;
using Xunit;
using Xunit.v3;

namespace Conformance;

public sealed class Facts(ITestOutputHelper output)
{
    [Fact]
    public void A_fact_passes() => Assert.Equal(4, 2 + 2);

    [Fact]
    public void A_fact_fails() => Assert.Equal([1, 2, 3], new List<int> { 1, 2, 4 });

    [Fact]
    public void An_exception_fails() => throw new InvalidOperationException("on purpose");

    [Fact(Skip = "shows how a test that never runs is reported")]
    public void A_fact_is_skipped() => Assert.Fail("runs");

    [Fact]
    public void Skips_at_run_time() => Assert.Skip("shows how a test that skips itself is reported");

    [Fact]
    public void Writes() => output.WriteLine("a line");

    [Fact]
    public void Assertions_compare()
    {
        Assert.Equivalent(new { A = 1, B = "b" }, new { A = 1, B = "b" });
        Assert.Collection("ab", a => Assert.Equal('a', a), b => Assert.Equal('b', b));
        Assert.Equal("missing", Assert.Throws<KeyNotFoundException>(() => Missing()).Message);
        Assert.IsType<string>("text");
        Assert.All([2, 4, 6], number => Assert.Equal(0, number % 2));
        Assert.Matches("^a+$", "aaa");
        Assert.NotSame(new object(), new object());
        Assert.Multiple(() => Assert.True(true), () => Assert.InRange(5, 1, 9));

        static int Missing() => throw new KeyNotFoundException("missing");
    }
}

public sealed class Theories
{
    public static TheoryData<int, string> Pairs { get; } = new() { { 1, "one" }, { 2, "two" } };

    public static IEnumerable<object[]> Range(int count) => Enumerable.Range(0, count).Select(i => new object[] { i });

    [Theory]
    [InlineData(1, 2, 3)]
    [InlineData(-1, 1, 0)]
    [InlineData(int.MaxValue, 1, int.MinValue)]
    public void Inline_data(int a, int b, int sum) => Assert.Equal(sum, unchecked(a + b));

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Data_of_a_property(int number, string name) => Assert.Equal(name, number == 1 ? "one" : "two");

    [Theory]
    [MemberData(nameof(Range), 4)]
    public void Data_of_a_method(int number) => Assert.InRange(number, 0, 3);

    [Theory]
    [ClassData(typeof(Words))]
    public void Data_of_a_class(string word, bool isLong) => Assert.Equal(isLong, word.Length > 4);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void One_row_of_a_theory(int number) => Assert.SkipWhen(number == 3, "shows how one skipped row is reported");

    [Theory]
    [InlineData(5, "text")]
    [InlineData("text", 5)]
    public void Generic<TFirst, TSecond>(TFirst first, TSecond second)
    {
        Assert.NotNull(first);
        Assert.NotEqual(typeof(TFirst), typeof(TSecond));
        Assert.NotNull(second);
    }

    private sealed class Words : IEnumerable<object[]>
    {
        public IEnumerator<object[]> GetEnumerator()
        {
            yield return ["word", false];
            yield return ["longer", true];
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}

public sealed class Asynchronous : IAsyncLifetime
{
    private int _initialized;

    public async ValueTask InitializeAsync()
    {
        await Task.Yield();
        _initialized++;
    }

    public ValueTask DisposeAsync() => default;

    [Fact]
    public async Task Awaits()
    {
        await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Equal(1, _initialized);
    }

    [Fact]
    public async ValueTask Throws_after_an_await() =>
        await Assert.ThrowsAsync<TimeoutException>(async () =>
        {
            await Task.Yield();
            throw new TimeoutException();
        });

    [Fact(Timeout = 100)]
    public Task A_test_without_an_end_fails() => new TaskCompletionSource().Task;

    [Fact]
    public async Task Tests_run_in_parallel_threads() =>
        Assert.Equal(Enumerable.Range(0, 8).Select(i => i * i), await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => i * i))));
}

public sealed class Counter : IDisposable
{
    public int Uses { get; set; }

    public void Dispose() => Uses = -1;
}

[CollectionDefinition("counted")]
public sealed class CountedCollection : ICollectionFixture<Counter>;

[Collection("counted")]
public sealed class FirstOfTwo(Counter counter)
{
    [Fact]
    public void Has_the_collections_fixture() => Assert.InRange(++counter.Uses, 1, 2);
}

[Collection("counted")]
public sealed class SecondOfTwo(Counter counter)
{
    [Fact]
    public void Has_the_same_fixture() => Assert.InRange(++counter.Uses, 1, 2);
}

public sealed class Fixtures(Counter counter) : IClassFixture<Counter>, IDisposable
{
    private static int s_alive;

    private readonly int _others = s_alive++;

    public void Dispose() => s_alive--;

    [Fact]
    public void One_object_a_test() => Assert.Equal(0, _others);

    [Fact]
    public void The_fixture_stays() => Assert.InRange(++counter.Uses, 1, 3);

    [Fact]
    [Surrounded]
    [Trait("kind", "surrounded")]
    public void Attributes_run_before() => Assert.Equal(nameof(Attributes_run_before), SurroundedAttribute.Method);
}

[AttributeUsage(AttributeTargets.Method)]
public sealed class SurroundedAttribute : BeforeAfterTestAttribute
{
    internal static string? Method { get; private set; }

    public override void Before(MethodInfo methodUnderTest, IXunitTest test) => Method = methodUnderTest.Name;
}
