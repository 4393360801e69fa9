using System.Runtime.InteropServices;
using CsCheck;
using Xenolith.Abi;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Tests.Xen;

/// <summary>Console input that had come before a suspension and is read after it.</summary>
public sealed unsafe class KeptInputTests : IDisposable
{
    private readonly ConsoleInterface* page = (ConsoleInterface*)NativeMemory.AllocZeroed((nuint)sizeof(ConsoleInterface));
    private KeptInput kept;

    private ByteRing Input => new(page->In, ConsoleInterface.InSize, &page->InCons, &page->InProd);

    public void Dispose() => NativeMemory.Free(page);

    [Fact]
    public void What_a_ring_has_is_kept_and_the_ring_empty()
    {
        Input.Write("typed"u8);
        kept.TakeFrom(Input);
        Assert.Equal(0, Input.Pending);
        Assert.Equal("typed", Read(100));
        Assert.Equal(0, kept.Length);
    }

    [Fact]
    public void It_comes_out_in_its_order_across_suspensions_and_reads() => Gen.Select(Gen.Bool, Gen.Int[0, 1024]).Array[1, 60].Sample(steps =>
    {
        ConsoleInterface own = default;
        var ring = new ByteRing(own.In, ConsoleInterface.InSize, &own.InCons, &own.InProd);
        KeptInput tested = default;
        Queue<byte> model = new();
        byte next = 0;
        foreach ((bool isSuspension, int size) in steps)
        {
            byte[] bytes = new byte[size];
            if (!isSuspension)
            {
                int count = tested.Read(bytes);
                Assert.Equal(Math.Min(size, model.Count), count);
                Assert.All(bytes[..count], b => Assert.Equal(model.Dequeue(), b));
                continue;
            }
            foreach (ref byte b in bytes.AsSpan())
                b = next++;
            ring.Write(bytes);
            tested.TakeFrom(ring);
            foreach (byte b in bytes.Take(KeptInput.Capacity - model.Count))
                model.Enqueue(b);
            Assert.Equal(model.Count, tested.Length);
            own.InCons = own.InProd; // the toolstack empties the page
        }
    });

    [Fact]
    public void Nothing_comes_of_a_ring_that_makes_no_sense()
    {
        Input.Write("typed"u8);
        kept.TakeFrom(Input);
        page->InProd += 5000;
        kept.TakeFrom(Input);
        Assert.Equal("typed", Read(100));
    }

    private string Read(int most)
    {
        byte[] bytes = new byte[most];
        return System.Text.Encoding.ASCII.GetString(bytes, 0, kept.Read(bytes));
    }
}
