using System.Numerics;
using CsCheck;
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Tests.Time;

public sealed unsafe class PvClockTests
{
    [Theory]
    [InlineData(3_000_000_000ul, 0x55555555u, 0, 999_999_999ul)] // 3 GHz
    [InlineData(500_000_000ul, 0x80000000u, 2, 1_000_000_000ul)] // 500 MHz
    [InlineData(1_000_000_000ul, 0x80000000u, 1, 1_000_000_000ul)]
    [InlineData(4_000_000_000ul, 0x80000000u, -1, 1_000_000_000ul)]
    [InlineData(0ul, 0x80000000u, 1, 0ul)]
    public void Ticks_are_scaled_to_nanoseconds(ulong ticks, uint multiplier, int shift, ulong nanoseconds) =>
        Assert.Equal(nanoseconds, PvClock.Scale(ticks, multiplier, shift));

    [Fact]
    public void Scaling_is_exact_for_any_difference_multiplier_and_shift()
    {
        Gen.Select(Gen.ULong, Gen.Int[0, 63], Gen.UInt, Gen.Int[-31, 31]).Sample((random, size, multiplier, shift) =>
        {
            long ticks = (long)random >> size;
            UInt128 magnitude = (UInt128)BigInteger.Abs(ticks);
            // The shift is of 64 bits, as Xen's is.
            ulong shifted = shift < 0 ? (ulong)magnitude >> -shift : (ulong)(magnitude << shift);
            ulong expected = (ulong)(((UInt128)shifted * multiplier) >> 32);
            Assert.Equal(ticks < 0 ? 0 - expected : expected, PvClock.Scale((ulong)ticks, multiplier, shift));
        }, iter: 100_000);
    }

    [Fact]
    public void Time_follows_the_counter_across_its_wrap()
    {
        // A timestamp just below 2^64 is one just before the counter was 0, not 584 years ahead.
        VcpuTimeInfo info = Info(timestamp: ulong.MaxValue - 999, systemTime: 50_000);
        Asm.SetTimestamp(() => 500);
        Assert.Equal(50_000ul + 1500, PvClock.Read(&info));
    }

    [Fact]
    public void A_timestamp_ahead_of_the_counter_means_a_time_before_the_update()
    {
        VcpuTimeInfo info = Info(timestamp: 10_000, systemTime: 50_000);
        Asm.SetTimestamp(() => 4_000);
        Assert.Equal(44_000ul, PvClock.Read(&info));
    }

    [Fact]
    public void A_record_that_is_being_written_is_read_again()
    {
        VcpuTimeInfo info = Info(timestamp: 0, systemTime: 1);
        info.Version = 7;
        VcpuTimeInfo* record = &info;
        int reads = 0;
        Asm.SetTimestamp(() =>
        {
            // Xen finishes its update between the first read and the second.
            if (++reads == 1)
            {
                record->SystemTime = 70_000;
                record->Version = 8;
            }

            return 30;
        });
        Assert.Equal(70_030ul, PvClock.Read(record));
        Assert.Equal(2, reads);
    }

    [Fact]
    public void A_record_that_changes_while_it_is_read_is_read_again()
    {
        VcpuTimeInfo info = Info(timestamp: 0, systemTime: 1);
        VcpuTimeInfo* record = &info;
        int reads = 0;
        Asm.SetTimestamp(() =>
        {
            if (++reads <= 3)
            {
                record->Version += 2;
                record->SystemTime += 100;
            }

            return 5;
        });
        Assert.Equal(306ul, PvClock.Read(record));
        Assert.Equal(4, reads);
    }

    /// <summary>A record of a counter that runs at 1 GHz.</summary>
    private static VcpuTimeInfo Info(ulong timestamp, ulong systemTime) =>
        new() { Version = 2, TscTimestamp = timestamp, SystemTime = systemTime, TscToSystemMul = 0x80000000, TscShift = 1, Flags = 0xFF };
}
