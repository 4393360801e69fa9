using CsCheck;

namespace Xenolith.Kernel.Tests.Xen;

/// <summary>What holds for both event channel ABIs, each beside a model of what Xen does on its side.</summary>
public sealed class EventAbiTests
{
    public enum Abi
    {
        TwoLevel,
        Fifo,
    }

    [Theory]
    [InlineData(Abi.TwoLevel)]
    [InlineData(Abi.Fifo)]
    public void A_port_is_born_masked_and_keeps_its_event_until_it_is_unmasked(Abi abi)
    {
        using EventAbiModel model = Create(abi);
        model.Send(70);
        Assert.Equal(0u, model.Next());
        Assert.True(model.Unmask(70)); // the event of before, taken back
        Assert.False(model.Unmask(70));
        Assert.Equal(0u, model.Next());
        model.Send(70);
        Assert.Equal(70u, model.Next());
    }

    [Theory]
    [InlineData(Abi.TwoLevel)]
    [InlineData(Abi.Fifo)]
    public void An_event_that_comes_again_before_it_is_seen_is_one_event(Abi abi)
    {
        using EventAbiModel model = Create(abi);
        model.Unmask(3);
        model.Send(3);
        model.Send(3);
        Assert.Equal(3u, model.Next());
        model.Clear(3);
        Assert.Equal(0u, model.Next());
    }

    [Theory]
    [InlineData(Abi.TwoLevel)]
    [InlineData(Abi.Fifo)]
    public void Events_that_come_while_others_are_handled_are_found_in_the_same_search(Abi abi)
    {
        using EventAbiModel model = Create(abi);
        foreach (uint port in (uint[])[1, 2, 65, 4000])
            model.Unmask(port);
        model.Send(65);
        Assert.Equal(65u, model.Next());
        model.Send(2);
        model.Send(4000);
        model.Clear(65);
        model.Send(65);
        HashSet<uint> found = [];
        for (uint port = model.Next(); port != 0; port = model.Next())
        {
            found.Add(port);
            model.Clear(port);
        }
        Assert.Equal([2u, 65, 4000], found.Order().ToArray());
    }

    [Fact]
    public void After_a_resume_all_ports_are_masked_and_nothing_is_pending_or_queued()
    {
        using FifoModel model = new();
        foreach (uint port in (uint[])[1, 2, 4000])
        {
            model.Unmask(port);
            model.Send(port);
        }
        Assert.Equal(1u, model.Next()); // in the middle of a queue
        model.Resume();
        Assert.False(model.IsUpcallDue);
        Assert.Equal(0u, model.Next());
        model.Send(2);
        Assert.Equal(0u, model.Next());
        Assert.True(model.Unmask(2));
        Assert.False(model.Unmask(2));
        model.Send(2);
        Assert.Equal(2u, model.Next());
    }

    [Theory]
    [InlineData(Abi.TwoLevel)]
    [InlineData(Abi.Fifo)]
    public void Whatever_the_order_of_things_each_unmasked_event_is_found_and_no_other(Abi abi)
    {
        Gen.Select(Gen.Int[0, 4], Gen.UInt[1, 20]).Array[0, 300].Sample(steps =>
        {
            using EventAbiModel model = Create(abi);
            HashSet<uint> pending = [], open = [];
            foreach ((int what, uint number) in steps)
            {
                uint port = number * 190;
                switch (what)
                {
                    case 0 or 1:
                        model.Send(port);
                        pending.Add(port);
                        break;
                    case 2:
                        bool found = model.Unmask(port);
                        Assert.Equal(pending.Remove(port), found);
                        if (!found)
                            open.Add(port);
                        else
                        {
                            model.Mask(port); // it may have been open
                            open.Remove(port);
                        }
                        break;
                    case 3:
                        model.Mask(port);
                        open.Remove(port);
                        break;
                    default:
                        HashSet<uint> due = [.. pending.Intersect(open)];
                        for (uint next = model.Next(); next != 0; next = model.Next())
                        {
                            Assert.True(due.Remove(next), $"port {next} is not due");
                            // As the upcall does for the program's ports.
                            model.Mask(next);
                            model.Clear(next);
                            pending.Remove(next);
                            open.Remove(next);
                        }
                        Assert.Empty(due);
                        Assert.False(model.IsUpcallDue);
                        break;
                }
                Assert.True(model.IsUpcallDue || !pending.Overlaps(open), "an event waits and no upcall is due");
            }
        });
    }

    [Theory]
    [InlineData(Abi.TwoLevel)]
    [InlineData(Abi.Fifo)]
    public void No_event_is_lost_that_comes_from_another_processor_at_the_same_time(Abi abi)
    {
        using EventAbiModel model = Create(abi);
        const uint ports = 8;
        const int rounds = 20_000;
        for (uint port = 1; port <= ports; port++)
            model.Unmask(port);
        // The sender waits for each event to be taken before it sends the next to the same port: a lost one would stop it.
        int[] sent = new int[ports + 1], taken = new int[ports + 1];
        Thread sender = new(() =>
        {
            for (int round = 0; round < rounds; round++)
            {
                uint port = 1 + (uint)round % ports;
                SpinWait wait = default;
                while (Volatile.Read(ref taken[port]) != sent[port])
                    wait.SpinOnce();
                sent[port]++;
                model.Send(port);
            }
        });
        sender.Start();
        SpinWait spin = default;
        for (int left = rounds; left > 0;)
        {
            uint port = model.Next();
            if (port == 0)
            {
                spin.SpinOnce();
                continue;
            }
            model.Mask(port);
            model.Clear(port);
            Volatile.Write(ref taken[port], taken[port] + 1);
            left--;
            if (model.Unmask(port))
            {
                // It came between the two: as good as an upcall.
                Volatile.Write(ref taken[port], taken[port] + 1);
                left--;
                Assert.False(model.Unmask(port) && left == 0, "an event too many");
            }
        }
        sender.Join();
        Assert.Equal(sent, taken);
    }

    private static EventAbiModel Create(Abi abi) => abi == Abi.Fifo ? new FifoModel() : new TwoLevelModel();
}
