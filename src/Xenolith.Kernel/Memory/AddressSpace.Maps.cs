// The address space in words: /proc/self/maps, and its size.
using System;
using Xenolith.Kernel.Files;

namespace Xenolith.Kernel.Memory;

internal static unsafe partial class AddressSpace
{
    /// <summary>Bytes of all regions.</summary>
    internal static ulong Size
    {
        get
        {
            ulong size = 0;
            for (Region* region = regions.First; region != null; region = RegionTree.Next(region))
                size += region->End - region->Start;
            return size;
        }
    }

    /// <summary>A line for each region, as proc(5) has it; of mapped files the number, not the name.</summary>
    internal static void WriteMaps(ref TextWriter text)
    {
        // What is written may itself need no region, so the tree does not change meanwhile.
        for (Region* region = regions.First; region != null && text.Error == 0; region = RegionTree.Next(region))
        {
            RegionAttributes attributes = region->Attributes;
            FileMapping* mapping = attributes.Kind == RegionKind.File ? (FileMapping*)attributes.Tag : null;
            Digits(ref text, region->Start, 8);
            text.Line.Text("-");
            Digits(ref text, region->End, 8);
            text.Line.Text((attributes.Protection & RegionProtection.Read) != 0 ? " r" : " -");
            text.Line.Text((attributes.Protection & RegionProtection.Write) != 0 ? "w" : "-");
            text.Line.Text((attributes.Protection & RegionProtection.Execute) != 0 ? "x" : "-");
            text.Line.Text(mapping != null && mapping->IsShared ? "s " : "p ");
            Digits(ref text, mapping != null ? region->Start + mapping->Distance : attributes.Kind == RegionKind.Image ? region->Start - Cpu.Asm.ImageStart : 0, 8);
            text.Line.Text(" 00:0");
            text.Line.Text(attributes.Kind == RegionKind.Image ? "2 " : mapping != null ? "1 " : "0 ");
            text.Line.Decimal(mapping != null ? mapping->Inode->Number : attributes.Kind == RegionKind.Image ? 1ul : 0);
            if (attributes.Kind == RegionKind.Image)
            {
                text.Line.Text(" /app/");
                text.Line.Bytes(SystemTree.ProgramName);
            }
            else if ((attributes.Flags & RegionFlags.NoReserve) != 0)
                text.Line.Text(" [stack]");
            text.End();
        }
    }

    private static void Digits(ref TextWriter text, ulong value, int least)
    {
        int shift = 60;
        while (shift > (least - 1) * 4 && value >> shift == 0)
            shift -= 4;
        Span<byte> digit = stackalloc byte[1];
        for (; shift >= 0; shift -= 4)
        {
            byte nibble = (byte)(value >> shift & 15);
            digit[0] = (byte)(nibble < 10 ? '0' + nibble : 'a' - 10 + nibble);
            text.Line.Bytes(digit);
        }
    }
}
