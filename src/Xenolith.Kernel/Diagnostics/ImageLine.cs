// Which image this is: its name and the linker's build id, by which `xenolith symbolize` knows the file that belongs to a log.
using System;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Files;

namespace Xenolith.Kernel.Diagnostics;

internal static unsafe class ImageLine
{
    // An ELF note: the sizes of name and description and the type, 4 bytes each, then the name and the description.
    private const int DescriptionOffset = 16;
    private const uint NameSize = 4, BuildIdType = 3, LargestId = 64;

    internal static void Print()
    {
        Log.Begin();
        Log.Text("   image ");
        Log.Bytes(SystemTree.ProgramName);
        ReadOnlySpan<byte> id = BuildId;
        if (id.Length != 0)
            Log.Text(", build id ");
        for (int i = 0; i < id.Length; i++)
            Log.HexByte(id[i]);
        Log.End();
    }

    // Empty where the image was linked without one: something else lies there then.
    private static ReadOnlySpan<byte> BuildId
    {
        get
        {
            uint* note = (uint*)Asm.BuildId;
            return note[0] == NameSize && note[1] <= LargestId && note[2] == BuildIdType ? new(Asm.BuildId + DescriptionOffset, (int)note[1]) : default;
        }
    }
}
