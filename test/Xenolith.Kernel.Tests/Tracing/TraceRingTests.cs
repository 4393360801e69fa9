using System.Runtime.InteropServices;
using CsCheck;
using Xenolith.Abi;
using Xenolith.Kernel.Tracing;
using Xenolith.Tracing;

namespace Xenolith.Kernel.Tests.Tracing;

/// <summary>The ring of a trace: the kernel's writer against the libraries' reader.</summary>
public sealed unsafe class TraceRingTests
{
    private const uint Size = 8;

    [Fact]
    public void What_is_written_is_read_once_in_order()
    {
        using Ring ring = new();
        for (ulong i = 0; i < 5; i++)
            ring.Write(i);
        Assert.Equal([0ul, 1, 2, 3, 4], ring.ReadAll(out ulong lost));
        Assert.Equal(0ul, lost);
        Assert.Empty(ring.ReadAll(out _));
    }

    [Fact]
    public void The_oldest_records_are_overwritten_and_counted()
    {
        using Ring ring = new();
        for (ulong i = 0; i < Size + 3; i++)
            ring.Write(i);
        Assert.Equal([3ul, 4, 5, 6, 7, 8, 9, 10], ring.ReadAll(out ulong lost));
        Assert.Equal(3ul, lost);
    }

    [Fact]
    public void A_record_that_is_being_written_holds_back_those_behind_it_until_it_is_done()
    {
        using Ring ring = new();
        ring.Write(0);
        TraceRecord* slow = ring.Begin(out ulong position);
        ring.Write(2); // an interrupt's, in the middle of the other
        Assert.Equal([0ul], ring.ReadAll(out ulong lost));
        ring.Finish(slow, position, 1);
        Assert.Equal([1ul, 2], ring.ReadAll(out lost));
        Assert.Equal(0ul, lost);
    }

    [Fact]
    public void A_record_whose_writer_is_overtaken_by_a_whole_ring_is_lost_and_the_others_are_not()
    {
        using Ring ring = new();
        TraceRecord* slow = ring.Begin(out ulong position);
        for (ulong i = 1; i <= Size; i++)
            ring.Write(i); // the last one finds the slow one in its place
        ring.Finish(slow, position, 0);
        Assert.Equal([1ul, 2, 3, 4, 5, 6, 7], ring.ReadAll(out ulong lost));
        Assert.Equal(1ul, lost);
        for (ulong i = Size + 1; i <= Size * 2; i++)
            ring.Write(i);
        Assert.Equal([9ul, 10, 11, 12, 13, 14, 15, 16], ring.ReadAll(out lost));
        Assert.Equal(1ul, lost);
    }

    [Fact]
    public void The_number_that_means_being_written_costs_one_record_in_four_billion()
    {
        using Ring ring = new(uint.MaxValue - 1ul);
        for (ulong i = 0; i < 4; i++)
            ring.Write(i);
        Assert.Equal([0ul, 2, 3], ring.ReadAll(out ulong lost));
        Assert.Equal(1ul, lost);
    }

    [Fact]
    public void Only_the_record_that_is_waited_for_wakes()
    {
        using Ring ring = new();
        ring.State->Wake = 2;
        Assert.Equal([false, false, true, false], Enumerable.Range(0, 4).Select(i => ring.Write((ulong)i)).ToArray());
    }

    /// <summary>
    /// Writers that begin and finish in any order, and a reader in between: every value comes once, in the order of beginning, or is counted as lost;
    /// one that a later writer has torn never comes.
    /// </summary>
    [Fact]
    public void Any_interleaving_of_writers_and_reader_accounts_for_every_record() =>
        Gen.Int[0, 9].List[1, 200].Sample(steps =>
        {
            using Ring ring = new();
            List<(nint Record, ulong Position)> open = [];
            List<ulong> seen = [];
            ulong lost = 0;
            foreach (int step in steps)
            {
                if (step < 4)
                {
                    open.Add(((nint)ring.Begin(out ulong position), position));
                }
                else if (step < 8 && open.Count != 0)
                {
                    int index = step % open.Count;
                    ring.Finish((TraceRecord*)open[index].Record, open[index].Position, open[index].Position);
                    open.RemoveAt(index);
                }
                else
                {
                    seen.AddRange(ring.ReadAll(out ulong more));
                    lost += more;
                }
            }
            open.ForEach(writer => ring.Finish((TraceRecord*)writer.Record, writer.Position, writer.Position));
            for (ulong i = 0; i < Size; i++)
                ring.Write(ring.State->Head); // what was torn is overwritten, so that nothing holds the reader back
            seen.AddRange(ring.ReadAll(out ulong last));
            Assert.Equal(seen.Order(), seen);
            Assert.Equal(seen.Distinct(), seen);
            Assert.Equal(ring.State->Head, (ulong)seen.Count + lost + last);
        });

    [Fact]
    public void Threads_that_write_at_once_lose_nothing_that_they_do_not_overwrite()
    {
        const int threads = 4, each = 20_000;
        using Ring ring = new(size: 1 << 17);
        Thread[] writers = [.. Enumerable.Range(0, threads).Select(t => new Thread(() =>
        {
            for (int i = 0; i < each; i++)
                ring.Write((ulong)(t * each + i));
        }))];
        Array.ForEach(writers, writer => writer.Start());
        List<ulong> seen = [];
        ulong lost = 0;
        while (seen.Count < threads * each && lost == 0)
        {
            seen.AddRange(ring.ReadAll(out ulong more));
            lost += more;
        }
        Array.ForEach(writers, writer => writer.Join());
        Assert.Equal(0ul, lost);
        for (int t = 0; t < threads; t++)
            Assert.Equal(Enumerable.Range(t * each, each).Select(i => (ulong)i), seen.Where(value => value / each == (ulong)t));
    }

    private sealed class Ring : TraceRing, IDisposable
    {
        private ulong _position;

        internal Ring(ulong start = 0, uint size = TraceRingTests.Size)
            : base(Allocate(start, size)) => _position = start;

        public override ValueTask WaitAsync(ulong position, CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Dispose()
        {
            NativeMemory.Free(State->Records);
            NativeMemory.Free(State);
        }

        internal TraceRecord* Begin(out ulong position)
        {
            TraceRecord* record = TraceWriter.Begin(State, out position);
            if (record != null)
                record->Time = position; // one field now, one when it is finished: a record of two writers would not fit together
            return record;
        }

        internal bool Finish(TraceRecord* record, ulong position, ulong value)
        {
            if (record != null)
                (record->Detail, record->Value) = ((uint)~position, value);
            return TraceWriter.Finish(State, record, position);
        }

        internal bool Write(ulong value)
        {
            TraceRecord* record = Begin(out ulong position);
            return Finish(record, position, value);
        }

        internal List<ulong> ReadAll(out ulong lost)
        {
            List<ulong> values = [];
            lost = 0;
            bool isThere;
            do
            {
                isThere = TryRead(ref _position, out TraceRecord record, out ulong more);
                lost += more;
                if (!isThere)
                    continue;
                Assert.Equal((uint)~record.Time, record.Detail);
                values.Add(record.Value);
            }
            while (isThere);
            return values;
        }

        private static TraceState* Allocate(ulong start, uint size)
        {
            TraceState* state = (TraceState*)NativeMemory.AllocZeroed((nuint)sizeof(TraceState));
            state->Records = (TraceRecord*)NativeMemory.AllocZeroed(size * (nuint)sizeof(TraceRecord));
            (state->Mask, state->Head, state->Wake) = (size - 1, start, TraceState.NoWake);
            for (ulong position = start - size; start != 0 && position < start; position++)
                state->Records[position & state->Mask].Sequence = (uint)position + 1; // as if written
            return state;
        }
    }
}
