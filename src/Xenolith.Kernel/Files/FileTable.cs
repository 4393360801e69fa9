// File descriptors: pages of slots, of which the first is part of the kernel and the others come as they are needed.
using System.Runtime.CompilerServices;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Files;

internal static unsafe class FileTable
{
    /// <summary>Descriptors that there can be (RLIMIT_NOFILE).</summary>
    internal const int Capacity = 65536;

    private const int SlotsPerPage = 512, Pages = Capacity / SlotsPerPage;
    // Files are aligned, so the lowest bit of a slot is free to say "close on exec".
    private const ulong CloseOnExecBit = 1;

    private struct Slots
    {
        internal fixed ulong First[SlotsPerPage];
        internal fixed ulong Further[Pages];
    }

    private static Slots slots;
    // No descriptor below is free.
    private static ulong lowestFree;

    /// <summary>Grows whenever a descriptor is opened or closed.</summary>
    internal static ulong Changes { get; private set; }

    /// <summary>Descriptors 0, 1 and 2 are the console.</summary>
    internal static void Initialize()
    {
        OpenFile* console = OpenFile.Create(FileKind.Console, OpenFlags.ReadWrite);
        if (console == null)
            Panic.Stop("no memory for the console's descriptors");
        console->References = 3;
        for (int i = 0; i < 3; i++)
            Here->First[i] = (ulong)console;
        Changes++;
    }

    /// <summary>The first open descriptor from a number on; <see cref="Capacity"/> if there is none.</summary>
    internal static ulong NextOpen(ulong descriptor)
    {
        while (descriptor < Capacity)
        {
            ulong* slot = Slot(descriptor);
            if (slot == null)
                descriptor = (descriptor / SlotsPerPage + 1) * SlotsPerPage;
            else if (*slot != 0)
                return descriptor;
            else
                descriptor++;
        }
        return Capacity;
    }

    internal static OpenFile* Get(ulong descriptor)
    {
        ulong* slot = Slot(descriptor);
        return slot == null ? null : (OpenFile*)(*slot & ~CloseOnExecBit);
    }

    /// <summary>
    /// Gives the file to the lowest free descriptor from <paramref name="lowest"/> on; -EMFILE or -ENOMEM, and the reference is given back, if
    /// there is none.
    /// </summary>
    internal static long Add(OpenFile* file, ulong lowest, bool closeOnExec)
    {
        for (ulong i = lowest > lowestFree ? lowest : lowestFree; i < Capacity; i++)
        {
            if (!EnsureSlot(i))
            {
                OpenFile.Release(file);
                return -Errno.NoMemory;
            }
            ulong* slot = Slot(i);
            if (*slot != 0)
                continue;
            *slot = (ulong)file | (closeOnExec ? CloseOnExecBit : 0);
            Changes++;
            if (lowest <= lowestFree)
                lowestFree = i + 1;
            return (long)i;
        }
        OpenFile.Release(file);
        return -Errno.TooManyFiles;
    }

    /// <summary>Gives the file to a descriptor that is free; false if there is no memory.</summary>
    internal static bool Set(ulong descriptor, OpenFile* file, bool closeOnExec)
    {
        if (!EnsureSlot(descriptor))
            return false;
        *Slot(descriptor) = (ulong)file | (closeOnExec ? CloseOnExecBit : 0);
        Changes++;
        return true;
    }

    internal static bool IsCloseOnExec(ulong descriptor) => (*Slot(descriptor) & CloseOnExecBit) != 0;

    internal static void SetCloseOnExec(ulong descriptor, bool value)
    {
        ulong* slot = Slot(descriptor);
        *slot = *slot & ~CloseOnExecBit | (value ? CloseOnExecBit : 0);
    }

    internal static bool Close(ulong descriptor)
    {
        OpenFile* file = Get(descriptor);
        if (file == null)
            return false;
        *Slot(descriptor) = 0;
        Changes++;
        if (descriptor < lowestFree)
            lowestFree = descriptor;
        OpenFile.Release(file);
        return true;
    }

    private static ulong* Slot(ulong descriptor)
    {
        if (descriptor < SlotsPerPage)
            return Here->First + descriptor;
        if (descriptor >= Capacity)
            return null;
        ulong* page = (ulong*)Here->Further[descriptor / SlotsPerPage];
        return page == null ? null : page + descriptor % SlotsPerPage;
    }

    private static bool EnsureSlot(ulong descriptor)
    {
        if (Slot(descriptor) != null)
            return true;
        ulong frame = Frames.AllocateZeroed();
        if (frame != 0)
            Here->Further[descriptor / SlotsPerPage] = Layout.DirectMap + frame;
        return frame != 0;
    }

    private static Slots* Here => (Slots*)Unsafe.AsPointer(ref slots);
}
