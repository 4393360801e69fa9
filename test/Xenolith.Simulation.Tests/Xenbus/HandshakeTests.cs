using CsCheck;
using Xenolith.Simulation;
using Xenolith.Xenbus;

namespace Xenolith.Tests.Xenbus;

public class HandshakeTests
{
    [Fact]
    public void Both_ends_connect_and_close_in_order_when_the_front_end_asks() => Run(1, async (front, back, log, time) =>
    {
        Task both = Task.WhenAll(front.RunAsync(default), back.RunAsync(default));
        await front.WaitUntilConnectedAsync();
        await back.WaitUntilConnectedAsync();
        front.Close();
        await both;
        Assert.Equal(
            ["back publishes", "front publishes", "back connects", "front connects", "back releases", "front releases"], log);
        Assert.Equal((XenbusState.Closed, XenbusState.Closed), (front.State, back.State));
    });

    [Fact]
    public void The_back_end_may_close_too_and_unmaps_before_the_front_end_ends_its_grants() => Run(1, async (front, back, log, time) =>
    {
        Task both = Task.WhenAll(front.RunAsync(default), back.RunAsync(default));
        await Task.WhenAll(front.WaitUntilConnectedAsync(), back.WaitUntilConnectedAsync());
        back.Close();
        await both;
        Assert.True(log.IndexOf("back releases") < log.IndexOf("front releases"));
    });

    [Fact]
    public void A_front_end_that_is_closed_before_the_back_end_appears_ends_at_once() => Run(1, async (front, back, log, time) =>
    {
        Task run = front.RunAsync(default);
        await Task.Delay(TimeSpan.FromSeconds(1), time);
        Assert.False(run.IsCompleted);
        front.Close();
        await run;
        Assert.Empty(log);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(front.WaitUntilConnectedAsync);
    });

    [Fact]
    public void Giving_up_releases_what_there_is() => Run(1, async (front, back, log, time) =>
    {
        using CancellationTokenSource giveUp = new();
        Task run = front.RunAsync(giveUp.Token), other = back.RunAsync(default);
        await front.WaitUntilConnectedAsync();
        giveUp.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Contains("front releases", log);
        back.Close();
    });

    [Theory]
    [InlineData(XenbusState.Closing)]
    [InlineData(XenbusState.Closed)]
    [InlineData(XenbusState.Unknown)]
    public void A_front_end_lets_go_only_when_the_back_end_says_that_it_has(XenbusState theirs)
    {
        Assert.Equal(new XenbusTransition(XenbusAction.Wait, XenbusState.Closing), XenbusRules.Frontend(XenbusState.Closing, XenbusState.Connected, true));
        Assert.Equal(new XenbusTransition(XenbusAction.Release, XenbusState.Closed), XenbusRules.Frontend(XenbusState.Closing, theirs, true));
        Assert.Equal(new XenbusTransition(XenbusAction.Release, XenbusState.Closed), XenbusRules.Frontend(XenbusState.Connected, theirs, false));
    }

    [Fact]
    public void A_state_that_makes_no_sense_is_waited_out()
    {
        XenbusState nonsense = (XenbusState)77;
        foreach (XenbusState ours in (XenbusState[])[XenbusState.Initialising, XenbusState.Initialised, XenbusState.Connected])
            Assert.Equal(XenbusAction.Wait, XenbusRules.Frontend(ours, nonsense, false).Action);
        foreach (XenbusState ours in (XenbusState[])[XenbusState.InitWait, XenbusState.Connected, XenbusState.Closing])
            Assert.Equal(XenbusAction.Wait, XenbusRules.Backend(ours, nonsense, false).Action);
    }

    [Fact]
    public void Whoever_closes_whenever_both_ends_end_closed_and_every_release_is_matched() =>
        Gen.Select(Gen.Int[1, int.MaxValue], Gen.Int[0, 12], Gen.Int[0, 12], Gen.Bool).Sample(
            (seed, frontCloses, backCloses, backFirst) => Run(seed, async (front, back, log, time) =>
            {
                Task first = (backFirst ? back : front).RunAsync(default);
                await Task.Delay(TimeSpan.FromMilliseconds(seed % 4), time);
                Task both = Task.WhenAll(first, (backFirst ? front : back).RunAsync(default), CloseAsync(front, frontCloses), CloseAsync(back, backCloses));
                await both;
                Assert.Equal((XenbusState.Closed, XenbusState.Closed), (front.State, back.State));
                foreach (string end in (string[])["front", "back"])
                {
                    Assert.True(log.Count($"{end} publishes".Equals) <= 1 && log.Count($"{end} connects".Equals) <= 1);
                    if (end == "front" || log.Contains("back connects"))
                        Assert.Equal(log.Contains($"{end} publishes"), log.Contains($"{end} releases"));
                }
                if (log.Contains("back connects") && log.Contains("front releases"))
                    Assert.True(log.IndexOf("back releases") < log.IndexOf("front releases"));

                async Task CloseAsync(XenbusHandshake end, int milliseconds)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), time);
                    end.Close();
                }
            }),
            iter: 300, threads: 1);

    private static void Run(int seed, Func<XenbusHandshake, XenbusHandshake, List<string>, TimeProvider, Task> program)
    {
        using SimulatedHypervisor hypervisor = new(new SimulationOptions { Seed = seed });
        List<string> log = [];
        States states = new();
        hypervisor.Run(() => program(
            XenbusHandshake.ForFrontend(new End(states, 0, hypervisor.Time), new Driver("front", log, hypervisor.Time)),
            XenbusHandshake.ForBackend(new End(states, 1, hypervisor.Time), new Driver("back", log, hypervisor.Time)),
            log, hypervisor.Time));
    }

    /// <summary>Both state nodes, and who waits for a change.</summary>
    private sealed class States
    {
        public XenbusState[] Values { get; } = new XenbusState[2];

        public TaskCompletionSource Changed { get; set; } = new();
    }

    private sealed class End(States states, int index, TimeProvider time) : IXenbusStates
    {
        public async ValueTask WriteAsync(XenbusState state, CancellationToken cancellationToken)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), time, cancellationToken);
            states.Values[index] = state;
            TaskCompletionSource changed = states.Changed;
            states.Changed = new TaskCompletionSource();
            changed.SetResult();
        }

        public async ValueTask<XenbusState> WaitForOtherThanAsync(XenbusState known, CancellationToken cancellationToken)
        {
            while (states.Values[1 - index] == known)
                await states.Changed.Task.WaitAsync(cancellationToken);
            return states.Values[1 - index];
        }
    }

    private sealed class Driver(string name, List<string> log, TimeProvider time) : IXenbusDriver
    {
        public ValueTask PublishAsync(CancellationToken cancellationToken) => Log("publishes");

        public ValueTask ConnectAsync(CancellationToken cancellationToken) => Log("connects");

        public ValueTask ReleaseAsync() => Log("releases");

        private async ValueTask Log(string what)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), time);
            log.Add($"{name} {what}");
        }
    }
}
