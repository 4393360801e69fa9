using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Xenolith.Bed.Cache;

/// <summary>
/// Takes the ELF kernel out of a bzImage (the kernel's Documentation/arch/x86/boot.rst). Unpacked once here, it need not be unpacked in emulation
/// at every boot.
/// </summary>
internal static unsafe partial class LinuxImage
{
    private const int SetupSectorsOffset = 0x1F1;
    private const int PayloadOffsetOffset = 0x248;
    private const int PayloadLengthOffset = 0x24C;

    private static ReadOnlySpan<byte> Lz4Magic => [0x02, 0x21, 0x4C, 0x18];

    private static ReadOnlySpan<byte> XzMagic => [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0];

    public static byte[] Unpack(ReadOnlySpan<byte> image)
    {
        int setup = (image[SetupSectorsOffset] + 1) * 512;
        int offset = BinaryPrimitives.ReadInt32LittleEndian(image[PayloadOffsetOffset..]);
        int length = BinaryPrimitives.ReadInt32LittleEndian(image[PayloadLengthOffset..]);
        ReadOnlySpan<byte> payload = image.Slice(setup + offset, length);
        // The build appends the unpacked size to the compressed data.
        byte[] unpacked = new byte[BinaryPrimitives.ReadUInt32LittleEndian(payload[^4..])];
        ReadOnlySpan<byte> packed = payload[..^4];
        bool complete = payload switch
        {
            _ when payload.StartsWith(XzMagic) => UnpackXz(packed, unpacked),
            _ when payload.StartsWith(Lz4Magic) => Lz4.UnpackLegacyFrame(packed[Lz4Magic.Length..], unpacked),
            _ => throw new BedException("The Linux kernel package's image is compressed neither with xz nor with LZ4."),
        };
        return complete ? unpacked : throw new BedException("The Linux kernel package's image cannot be unpacked.");
    }

    private static bool UnpackXz(ReadOnlySpan<byte> packed, Span<byte> unpacked)
    {
        ulong memoryLimit = ulong.MaxValue;
        nuint read = 0;
        nuint written = 0;
        // The buffers are pinned for the call and their lengths passed with them.
        fixed (byte* input = packed)
        fixed (byte* output = unpacked)
            return Decode(&memoryLimit, 0, null, input, &read, (nuint)packed.Length, output, &written, (nuint)unpacked.Length) == 0 && written == (nuint)unpacked.Length;
    }

    // liblzma's base.h and container.h. dpkg is linked with it, so every Debian system has it.
    [LibraryImport("liblzma.so.5", EntryPoint = "lzma_stream_buffer_decode")]
    private static partial int Decode(
        ulong* memoryLimit, uint flags, void* allocator, byte* input, nuint* inputPosition, nuint inputSize, byte* output, nuint* outputPosition, nuint outputSize);
}
