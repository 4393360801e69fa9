// An open file: what descriptors point to, shared by those that dup made.
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Files;

internal enum FileKind
{
    Console,
    Null,
    Zero,
    Random,
    PipeReader,
    PipeWriter,
}

internal unsafe struct OpenFile
{
    internal const uint NonBlocking = 0x800;

    internal FileKind Kind;
    /// <summary>The open flags that matter after open (O_NONBLOCK).</summary>
    internal uint Flags;
    internal int References;
    internal PipeBuffer* Pipe;

    private static ObjectPool pool;

    /// <summary>A file with one reference, or null when memory has run out.</summary>
    internal static OpenFile* Create(FileKind kind, uint flags)
    {
        OpenFile* file = (OpenFile*)pool.Take((uint)sizeof(OpenFile));
        if (file == null)
            return null;
        file->Kind = kind;
        file->Flags = flags & NonBlocking;
        file->References = 1;
        file->Pipe = null;
        return file;
    }

    /// <summary>Gives one reference back; the last one closes the file.</summary>
    internal static void Release(OpenFile* file)
    {
        if (--file->References > 0)
            return;
        if (file->Pipe != null)
            PipeBuffer.CloseEnd(file->Pipe, file->Kind);
        pool.Return(file);
    }

    internal bool IsNonBlocking => (Flags & NonBlocking) != 0;
}
