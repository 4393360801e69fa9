// File descriptors.
using System.Runtime.CompilerServices;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Linux;

namespace Xenolith.Kernel.Files;

internal static unsafe class FileTable
{
    internal const int Capacity = 1024;

    private struct Slots
    {
        internal fixed ulong Files[Capacity];
        internal fixed byte CloseOnExec[Capacity];
    }

    private static Slots slots;

    /// <summary>Descriptors 0, 1 and 2 are the console.</summary>
    internal static void Initialize()
    {
        OpenFile* console = OpenFile.Create(FileKind.Console, 0);
        if (console == null)
            Panic.Stop("no memory for the console's descriptors");
        console->References = 3;
        for (int i = 0; i < 3; i++)
            Here->Files[i] = (ulong)console;
    }

    internal static OpenFile* Get(ulong descriptor) => descriptor < Capacity ? (OpenFile*)Here->Files[descriptor] : null;

    /// <summary>Gives the file to the lowest free descriptor from <paramref name="lowest"/> on; -EMFILE, and the reference is given back, if there is none.</summary>
    internal static long Add(OpenFile* file, ulong lowest, bool closeOnExec)
    {
        for (ulong i = lowest; i < Capacity; i++)
        {
            if (Here->Files[i] != 0)
                continue;
            Here->Files[i] = (ulong)file;
            Here->CloseOnExec[i] = closeOnExec ? (byte)1 : (byte)0;
            return (long)i;
        }
        OpenFile.Release(file);
        return -Errno.TooManyFiles;
    }

    internal static void Set(ulong descriptor, OpenFile* file)
    {
        Here->Files[descriptor] = (ulong)file;
        Here->CloseOnExec[descriptor] = 0;
    }

    internal static bool IsCloseOnExec(ulong descriptor) => Here->CloseOnExec[descriptor] != 0;

    internal static void SetCloseOnExec(ulong descriptor, bool value) => Here->CloseOnExec[descriptor] = value ? (byte)1 : (byte)0;

    internal static bool Close(ulong descriptor)
    {
        OpenFile* file = Get(descriptor);
        if (file == null)
            return false;
        Here->Files[descriptor] = 0;
        OpenFile.Release(file);
        return true;
    }

    private static Slots* Here => (Slots*)Unsafe.AsPointer(ref slots);
}
