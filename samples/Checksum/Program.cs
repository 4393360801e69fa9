// C code in an image: checksums written in C, called by P/Invoke, and compared with the same ones in C#. checksum.c is the C part; the project
// names it as a XenolithNativeLibrary. The exit code is 1 if any two differ.
using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;

byte[] data = new byte[1 << 20];
new Random(1).NextBytes(data);
int different = 0;

// The check value of CRC-32C's definition.
Compare("CRC-32C of \"123456789\"", Native.Crc32C(0, "123456789"u8), 0xE3069283);
// The example of RFC 1071.
Compare("Internet checksum of 8 bytes", Native.Internet([0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7]), 0x220D);

// Every length up to 300 at every alignment.
int checks = 0;
for (int start = 0; start < 16; start++)
{
    for (int length = 0; length < 300; length++)
    {
        ReadOnlySpan<byte> part = data.AsSpan(start, length);
        if (Native.Crc32C(0, part) != Managed.Crc32C(0, part) || Native.Internet(part) != Managed.Internet(part))
            different++;
        checks++;
    }
}
Console.WriteLine($"{checks} parts: {different} differ");

// In two pieces as in one.
Compare("1 MiB in two pieces", Native.Crc32C(Native.Crc32C(0, data.AsSpan(0, 12_345)), data.AsSpan(12_345)), Managed.Crc32C(0, data));

Console.WriteLine($"C#: {Rate(Managed.Crc32C)} MB/s, C: {Rate(Native.Crc32C)} MB/s");
return different == 0 ? 0 : 1;

void Compare(string what, uint native, uint expected)
{
    Console.WriteLine($"{what}: {native:x8}{(native == expected ? "" : $", and not {expected:x8}")}");
    different += native == expected ? 0 : 1;
}

double Rate(Checksum checksum)
{
    Stopwatch clock = Stopwatch.StartNew();
    _ = checksum(0, data);
    return Math.Round(data.Length / 1e6 / clock.Elapsed.TotalSeconds);
}

internal delegate uint Checksum(uint crc, ReadOnlySpan<byte> data);

/// <summary>The checksums in C.</summary>
internal static partial class Native
{
    internal static uint Crc32C(uint crc, ReadOnlySpan<byte> data) => Crc32C(crc, data, (nuint)data.Length);

    internal static uint Internet(ReadOnlySpan<byte> data) => Internet(data, (nuint)data.Length);

    [LibraryImport("checksum", EntryPoint = "checksum_crc32c")]
    private static partial uint Crc32C(uint crc, ReadOnlySpan<byte> data, nuint length);

    [LibraryImport("checksum", EntryPoint = "checksum_internet")]
    private static partial ushort Internet(ReadOnlySpan<byte> data, nuint length);
}

/// <summary>The checksums in C#.</summary>
internal static class Managed
{
    internal static uint Crc32C(uint crc, ReadOnlySpan<byte> data)
    {
        crc = ~crc;
        foreach (byte value in data)
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }

    internal static ushort Internet(ReadOnlySpan<byte> data)
    {
        ulong sum = 0;
        for (int i = 0; i < data.Length; i++)
            sum += (ulong)data[i] << (i % 2 == 0 ? 8 : 0);
        while (sum >> 16 != 0)
            sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }
}
