using System.ComponentModel;
using System.Runtime.ConstrainedExecution;
using System.Runtime.InteropServices;

namespace Xenolith.Simulation;

/// <summary>
/// The host's memory: a memory file whose pages are the frames. A frame is mapped as often as it is shared, so a mapping of a grant is real shared
/// memory, contiguous where it should be and read-only where it should be. Linux only.
/// </summary>
/// <remarks>
/// <para>Under the hypervisor's lock. Frames are handed out again as they were left, as Xen does not promise to clear them for their own
/// domain.</para>
/// <para>It is given back when nothing refers to it any more: a thread that has outlived its simulation finds its pages where they were, and not what
/// the runtime has put there since.</para>
/// </remarks>
internal sealed unsafe partial class SimulatedMemory : CriticalFinalizerObject
{
    internal const int PageSize = 4096;

    private const int ProtRead = 1, ProtWrite = 2, MapShared = 1, MapPrivate = 2, MapFixed = 0x10, MapAnonymous = 0x20;
    private const nint MapFailed = -1;

    private readonly int _file;
    private readonly int _frames;
    private readonly Stack<int> _free = new();
    private readonly Dictionary<nint, int> _mapped = []; // pages by their first address
    private readonly byte* _all; // every frame, for the hypervisor's own use
    private int _used;
    private bool _wasUnreachable;

    internal SimulatedMemory(int frames)
    {
        _frames = frames;
        _file = CreateMemoryFile("xenolith-simulation", 1 /* closed on exec */);
        if (_file < 0 || Truncate(_file, (long)frames * PageSize) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        _all = (byte*)CheckedMap(0, (long)frames * PageSize, ProtRead | ProtWrite, MapShared, _file, 0);
        GC.AddMemoryPressure((long)frames * PageSize); // a process can have only so many mappings
    }

    ~SimulatedMemory()
    {
        if (_all is null)
            return; // there was none to be had
        if (!_wasUnreachable)
        {
            // The finalizers of what referred to it have run, and one of them may have put others to work, such as a watch that nobody had ended.
            _wasUnreachable = true;
            GC.ReRegisterForFinalize(this);
            return;
        }
        foreach ((nint address, int pages) in _mapped)
            _ = RemoveMap(address, (nuint)pages * PageSize);
        _ = RemoveMap((nint)_all, (nuint)_frames * PageSize);
        _ = Close(_file);
        GC.RemoveMemoryPressure((long)_frames * PageSize);
    }

    /// <summary>Takes frames.</summary>
    /// <returns>False when there are not that many.</returns>
    internal bool TryAllocate(Span<int> frames)
    {
        if (_free.Count + _frames - _used < frames.Length)
            return false;
        foreach (ref int frame in frames)
            frame = _free.TryPop(out int reused) ? reused : _used++;
        return true;
    }

    internal void Free(int frame) => _free.Push(frame);

    /// <summary>A frame as the hypervisor sees it.</summary>
    internal Span<byte> this[int frame] => new(_all + ((long)frame * PageSize), PageSize);

    /// <summary>Maps frames one after the other at a new address.</summary>
    internal nint Map(ReadOnlySpan<int> frames, bool readOnly)
    {
        nint address = CheckedMap(0, (long)frames.Length * PageSize, 0, MapPrivate | MapAnonymous, -1, 0);
        for (int i = 0; i < frames.Length; i++)
            MapAt(address + (i * PageSize), frames[i], readOnly);
        _mapped.Add(address, frames.Length);
        return address;
    }

    /// <summary>Puts a frame where another was mapped.</summary>
    internal void MapAt(nint address, int frame, bool readOnly) =>
        CheckedMap(address, PageSize, readOnly ? ProtRead : ProtRead | ProtWrite, MapShared | MapFixed, _file, (long)frame * PageSize);

    /// <summary>Puts private zeroes where frames were mapped.</summary>
    internal static void MapZeroes(nint address, int pages, bool readOnly) =>
        CheckedMap(address, (long)pages * PageSize, readOnly ? ProtRead : ProtRead | ProtWrite, MapPrivate | MapAnonymous | MapFixed, -1, 0);

    internal void Unmap(nint address, int pages)
    {
        if (_mapped.Remove(address))
            _ = RemoveMap(address, (nuint)pages * PageSize);
    }

    private static nint CheckedMap(nint address, long length, int protection, int flags, int file, long offset)
    {
        nint result = AddMap(address, (nuint)length, protection, flags, file, offset);
        return result != MapFailed ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateMemoryFile(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int Truncate(int file, long length);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint AddMap(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int RemoveMap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
