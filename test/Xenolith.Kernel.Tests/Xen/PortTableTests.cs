using System.Runtime.InteropServices;
using CsCheck;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Tests.Xen;

public sealed unsafe class PortTableTests : IDisposable
{
    private readonly List<nint> pages = [];
    private PortTable table;

    public void Dispose()
    {
        foreach (nint page in pages)
            NativeMemory.Free((void*)page);
    }

    [Fact]
    public void A_port_is_open_from_its_entry_to_its_removal()
    {
        Assert.False(table.IsOpen(5));
        Add(5);
        Assert.True(table.IsOpen(5));
        Assert.False(table.IsOpen(6));
        table.Remove(5);
        Assert.False(table.IsOpen(5));
        Assert.False(table.IsOpen(uint.MaxValue));
    }

    [Fact]
    public void Fired_ports_come_out_in_the_order_in_which_they_fired_and_once_each()
    {
        foreach (uint port in (uint[])[7, 3, 1500, 9])
            Add(port);
        foreach (uint port in (uint[])[1500, 3, 1500, 9, 3])
            table.Fire(port);
        Assert.Equal([1500u, 3, 9], TakeAll());
        table.Fire(3);
        Assert.Equal([3u], TakeAll());
    }

    [Fact]
    public void After_all_ports_were_taken_out_none_is_open_or_has_fired_and_any_can_come_back()
    {
        foreach (uint port in (uint[])[2, 1500])
        {
            Add(port);
            table.SetHeld(port, true);
            table.Fire(port);
        }
        table.Clear();
        Assert.Equal((0u, 0u), (table.First, table.Last));
        Assert.False(table.IsOpen(2) || table.IsOpen(1500));
        Add(1500);
        Assert.False(table.IsHeld(1500) || table.HasFired(1500));
        table.Fire(1500);
        Assert.Equal([1500u], TakeAll());
    }

    [Fact]
    public void What_a_program_wants_masked_is_kept_apart_from_what_has_fired()
    {
        Add(4);
        table.SetHeld(4, true);
        table.Fire(4);
        Assert.True(table.IsHeld(4));
        Assert.Equal(4u, table.Take());
        Assert.True(table.IsHeld(4));
        table.SetHeld(4, false);
        Assert.False(table.IsHeld(4));
    }

    [Fact]
    public void Ports_that_come_go_and_fire_at_random_are_taken_as_a_queue_without_doubles_would_give_them()
    {
        Gen.Select(Gen.Int[0, 3], Gen.UInt[1, 12]).Array[0, 200].Sample(steps =>
        {
            table = default;
            List<uint> open = [], fired = [];
            foreach ((int what, uint number) in steps)
            {
                uint port = number * 300; // across pages
                switch (what)
                {
                    case 0 when !open.Contains(port):
                        Add(port);
                        open.Add(port);
                        break;
                    case 1 when open.Contains(port):
                        table.Fire(port);
                        if (!fired.Contains(port))
                            fired.Add(port);
                        break;
                    case 2 when open.Remove(port):
                        table.Remove(port);
                        fired.Remove(port);
                        break;
                    case 3 when fired.Count > 0:
                        Assert.Equal(fired[0], table.Take());
                        fired.RemoveAt(0);
                        break;
                }
                Assert.Equal(fired.FirstOrDefault(), table.First);
                Assert.Equal(fired.LastOrDefault(), table.Last);
                Assert.Equal(open.Contains(port), table.IsOpen(port));
            }
            Assert.Equal(fired, TakeAll());
        }, threads: 1);
    }

    private void Add(uint port)
    {
        if (!table.HasRoom(port))
        {
            pages.Add((nint)NativeMemory.AllocZeroed(PortTable.PortsPerPage * sizeof(uint)));
            table.AddPage(port, (uint*)pages[^1]);
        }
        table.Add(port);
    }

    private List<uint> TakeAll()
    {
        List<uint> ports = [];
        while (table.First != 0)
            ports.Add(table.Take());
        return ports;
    }
}
