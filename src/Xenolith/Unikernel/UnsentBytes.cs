using System.Runtime.InteropServices;
using Xenolith.Abi;

namespace Xenolith.Unikernel;

/// <summary>
/// A copy of those messages to xenstored that do not fit into the ring at once, where the kernel finds it. If the program ends in the middle of one,
/// the kernel puts the rest into the ring before it writes the exit code there. One for the domain.
/// </summary>
/// <remarks>
/// For the one thread that writes the ring. The memory is never freed, because the kernel reads it at the very end; it is as large as the most that
/// was ever under way.
/// </remarks>
internal sealed unsafe class UnsentBytes
{
    private readonly PlatformXenstoreUnsent* _shared;
    private byte* _bytes;
    private int _capacity;

    internal UnsentBytes()
    {
        _shared = (PlatformXenstoreUnsent*)NativeMemory.AllocZeroed((nuint)sizeof(PlatformXenstoreUnsent));
        _ = NativeMethods.XenstoreUnsent(_shared); // cannot fail: the memory is there
    }

    /// <summary>Before the first of these bytes is shown to xenstored. They take the place of what was announced before.</summary>
    /// <param name="position">The ring's producer index, where the first one goes.</param>
    /// <param name="bytes">From the beginning of a message, or the rest of what was announced; to the end of a message.</param>
    internal void Announce(uint position, ReadOnlySpan<byte> bytes)
    {
        if (position + (uint)bytes.Length == _shared->Start + _shared->Length && _shared->Length != 0)
            return; // a later part of the same
        Clear();
        if (_capacity < bytes.Length)
        {
            _bytes = (byte*)NativeMemory.Realloc(_bytes, (nuint)bytes.Length); // the kernel does not look there while the length is 0
            _capacity = bytes.Length;
        }

        bytes.CopyTo(new Span<byte>(_bytes, _capacity));
        _shared->Address = (ulong)_bytes;
        _shared->Start = position;
        Volatile.Write(ref _shared->Length, (uint)bytes.Length);
    }

    /// <summary>Everything is in the ring.</summary>
    internal void Clear() => Volatile.Write(ref _shared->Length, 0);
}
