// Arguments of the kinds that kernels get wrong. None of them is an address of the runtime's own memory, but for code and constants, which no
// call may change.
using System.Runtime.CompilerServices;

namespace SystemCallFuzz;

internal sealed unsafe class Values(Random random, Descriptors descriptors)
{
    private static readonly ulong[] Numbers =
    [
        0, 1, 2, 3, 4, 7, 8, 12, 16, 63, 64, 65, 127, 128, 255, 256, 511, 512, 1023, 1024, 1025, 4095, 4096, 4097, 8192, 65535, 65536, 65537, 1 << 20,
        1ul << 28, int.MaxValue, 1ul << 31, uint.MaxValue, 1ul << 32, (1ul << 32) + 1, 0x7FFF_F000, 0x7FFF_F001, long.MaxValue, 1ul << 63, ulong.MaxValue,
        ulong.MaxValue - 1, ulong.MaxValue - 99, ulong.MaxValue - 4095, ulong.MaxValue - 4096, 0x5555_5555_5555_5555, 0xAAAA_AAAA_AAAA_AAAA,
    ];

    private static readonly ulong[] BadAddresses =
    [
        0, 1, 8, 4095, 4096, 0x1F_F000, 0x1F_FFFF, 0x7FFF_FFFF_E000, 0x7FFF_FFFF_EFFF, 0x7FFF_FFFF_F000, 0x7FFF_FFFF_FFFF, 0x8000_0000_0000, 0x8000_0000_0001,
        0xDEAD_0000_0000_0000, 0xFFFF_7FFF_FFFF_FFFF, 0xFFFF_8000_0000_0000, 0xFFFF_8000_0010_0000, 0xFFFF_C000_0000_4000, 0xFFFF_C000_0000_7FF8,
        0xFFFF_D000_0000_0000, 0xFFFF_D000_4000_0000, 0xFFFF_FFFF_8000_0000, 0xFFFF_FFFF_FFFF_F000, 0xFFFF_FFFF_FFFF_FFF8, ulong.MaxValue,
        0x8_0000_0000 - 8, 0x7_FFFF_F000, Arena.Start - 1, Arena.Start + (2 << 20), Arena.Start + Arena.Behind - 1,
    ];

    private static readonly string[] Names =
    [
        "a", "b", "c", "d", "e/f", "e", "e/", "./a", "../fuzz/b", ".", "..", "", "/", "//", "/tmp/fuzz", "/tmp/fuzz/a", "/tmp/fuzz/e/g",
        "/tmp/fuzz/link", "link", "link/a", "loop", "loop/x", "missing/a", "a/b", "/proc/self/exe", "/proc/self/maps", "/proc/meminfo", "/app",
        "/app/x", "/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/sys/devices/system/cpu/possible", "/proc", "/dev", "/etc/hosts",
        new('n', 255), new('n', 256), new string('/', 300) + "a", string.Concat(Enumerable.Repeat("e/../", 900)) + "a",
    ];

    internal int Next(int end) => random.Next(end);

    internal bool Chance(int percent) => random.Next(100) < percent;

    /// <summary>An argument of any kind.</summary>
    internal ulong Any() => random.Next(10) switch
    {
        < 3 => Address(),
        < 5 => descriptors.Any(random),
        < 8 => Number(),
        _ => Bits(),
    };

    internal ulong Number() => random.Next(4) == 0 ? (ulong)random.Next(64) : Numbers[random.Next(Numbers.Length)];

    /// <summary>Flags, numbers, garbage: but nothing that could be an address of the runtime's.</summary>
    internal ulong Bits()
    {
        ulong value = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
        value = random.Next(4) switch
        {
            0 => value,
            1 => 1ul << (int)(value & 63),
            2 => value & 0xF_FFFF,
            _ => value & (ulong)random.NextInt64() & 0xFFFF_FFFF,
        };
        return value is > 0x1F_FFFF and < 0x800_0000 || value is > 0xF_FFFF_FFFF and < 0x7FFF_FFFF_F000 ? value & 0xFFFF : value;
    }

    internal ulong Address() => random.Next(10) switch
    {
        < 4 => Good(),
        < 6 => BadAddresses[random.Next(BadAddresses.Length)],
        6 => Arena.ReadOnly + (ulong)random.Next(16384),
        7 => Arena.Guard + (ulong)random.Next(16384),
        8 => random.Next(2) == 0 ? Arena.Shared + Around(Arena.FileSize) : Arena.Private + Around(Arena.FileMapping),
        _ => Image(),
    };

    /// <summary>Writable memory of the arena, often just before its end.</summary>
    internal ulong Good() => random.Next(4) switch
    {
        0 => Arena.Writable + (ulong)random.Next((int)Arena.WritableSize) / 8 * 8,
        1 => Arena.Writable + (ulong)random.Next((int)Arena.WritableSize),
        2 => Arena.End - (ulong)random.Next(300),
        _ => Arena.End - (ulong)random.Next(38) * 8,
    };

    /// <summary>A place in the arena, or an address where nothing can be: for calls that change what is mapped.</summary>
    internal ulong Place() => random.Next(5) == 0
        ? BadAddresses[random.Next(BadAddresses.Length)]
        : Arena.Start + (random.Next(8) == 0 ? (ulong)random.Next((int)Arena.Size) : (ulong)random.Next((int)(Arena.Size / Arena.Page)) * Arena.Page);

    /// <summary>A length for one: nothing that reaches from there to somebody's memory, unless it reaches beyond all.</summary>
    internal ulong Extent() => random.Next(6) switch
    {
        0 => Numbers[random.Next(Numbers.Length)] is var number && number is > (1ul << 30) and < (1ul << 47) ? ulong.MaxValue : number,
        1 => (ulong)random.Next((int)Arena.Size),
        _ => (ulong)random.Next(1, 64) * Arena.Page,
    };

    /// <summary>A text in the arena, or no text.</summary>
    internal ulong Path()
    {
        if (Chance(15))
            return Address();
        string name = Names[random.Next(Names.Length)];
        byte* at = (byte*)Arena.Scratch + random.Next(2) * (4096 - name.Length - 1) * (name.Length < 4000 ? 1 : 0);
        for (int i = 0; i < name.Length && i < 4095; i++)
            at[i] = (byte)name[i];
        // Some end without an end, at the end of what is mapped.
        if (name.Length < 4095 && !(Chance(5) && ((ulong)at & 4095) != 0))
            at[name.Length] = 0;
        return (ulong)at;
    }

    /// <summary>A time that has passed soon, or that is none.</summary>
    internal ulong Time()
    {
        if (Chance(20))
            return Chance(50) ? Arena.Guard + 8 : 0xFFFF_8000_0000_0000;
        ulong* at = Arena.Scratch;
        at[0] = Chance(80) ? 0 : ulong.MaxValue - (ulong)random.Next(3);
        at[1] = Chance(80) ? (ulong)random.Next(20_000) : 1_000_000_000ul << random.Next(34);
        return (ulong)at;
    }

    /// <summary>A timeval that has passed soon.</summary>
    internal ulong Microseconds()
    {
        ulong* at = Arena.Scratch;
        (at[0], at[1]) = (0, (ulong)random.Next(20));
        return (ulong)at;
    }

    /// <summary>An array of ranges (struct iovec).</summary>
    internal ulong Vector()
    {
        if (Chance(20))
            return Address();
        ulong* at = Arena.Scratch + random.Next(2) * 480;
        for (ulong* entry = at; entry < at + 32; entry += 2)
        {
            entry[0] = Address();
            entry[1] = Chance(80) ? (ulong)random.Next(5000) : Number();
        }
        return (ulong)at;
    }

    private ulong Around(ulong size) => size - 64 + (ulong)random.Next(128);

    // A method's code, and a constant.
    private ulong Image()
    {
        delegate*<void> code = &Code;
        return random.Next(2) == 0 ? (ulong)code : (ulong)Unsafe.AsPointer(ref Unsafe.AsRef(in "constant"u8[0]));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Code()
    {
    }
}
