// Pipes: one page of bytes between descriptors. Writes of up to 4096 bytes are atomic, as POSIX asks.
using System;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Files;

internal unsafe struct PipeBuffer
{
    internal const int Capacity = 4096;

    private byte* bytes;
    private uint head, tail; // read and write positions, free running
    private bool hasReader, hasWriter;
    private WaitQueue readers, writers;
    private ulong changes;

    private static ObjectPool pool;
    private static ulong lastNumber;

    /// <summary>Both ends' inode number.</summary>
    internal ulong Number { get; private set; }

    internal static PipeBuffer* Create()
    {
        if (!Commit.TryCharge(1))
            return null;
        ulong frame = Frames.Allocate(0);
        if (frame == 0)
        {
            Commit.Uncharge(1);
            return null;
        }
        PipeBuffer* pipe = (PipeBuffer*)pool.Take((uint)sizeof(PipeBuffer));
        if (pipe == null)
        {
            Free((byte*)(Layout.DirectMap + frame));
            return null;
        }
        *pipe = default;
        pipe->bytes = (byte*)(Layout.DirectMap + frame);
        pipe->hasReader = pipe->hasWriter = true;
        pipe->Number = ++lastNumber;
        return pipe;
    }

    internal static void CloseEnd(PipeBuffer* pipe, FileKind end)
    {
        if (end == FileKind.PipeReader)
        {
            pipe->hasReader = false;
            Changed(pipe, &pipe->writers);
        }
        else
        {
            pipe->hasWriter = false;
            Changed(pipe, &pipe->readers);
        }
        if (pipe->hasReader || pipe->hasWriter)
            return;
        Free(pipe->bytes);
        pool.Return(pipe);
    }

    internal static uint Available(PipeBuffer* pipe) => pipe->tail - pipe->head;

    /// <summary>The bits of <see cref="Readiness"/> for one end. As on Linux, what the other end left is readable beside its hang-up.</summary>
    internal static uint ReadyFor(PipeBuffer* pipe, FileKind end) => end == FileKind.PipeReader
        ? (Available(pipe) > 0 ? Readiness.In : 0) | (pipe->hasWriter ? 0 : Readiness.HangUp)
        : (Available(pipe) < Capacity ? Readiness.Out : 0) | (pipe->hasReader ? 0 : Readiness.Error);

    internal static ulong ChangesOf(PipeBuffer* pipe) => pipe->changes;

    internal static long Read(PipeBuffer* pipe, Span<byte> buffer, bool nonBlocking)
    {
        if (buffer.Length == 0)
            return 0;
        while (Available(pipe) == 0)
        {
            if (!pipe->hasWriter)
                return 0;
            if (nonBlocking)
                return -Errno.Again;
            if (Scheduler.Block(&pipe->readers, Timers.Never) == WakeReason.Signal)
                return -Errno.RestartSystemCall;
        }
        if (buffer.Length > Capacity)
            buffer = buffer.Slice(0, Capacity);
        if (!UserMemory.IsWritable(buffer))
            return -Errno.Fault;
        int count = 0;
        for (; count < buffer.Length && pipe->head != pipe->tail; count++)
            buffer[count] = pipe->bytes[pipe->head++ % Capacity];
        Changed(pipe, &pipe->writers);
        return count;
    }

    internal static long Write(PipeBuffer* pipe, ReadOnlySpan<byte> buffer, bool nonBlocking)
    {
        int written = 0;
        while (written < buffer.Length)
        {
            if (!pipe->hasReader)
            {
                Signals.SendToThread(Thread.Current, SignalNumber.Pipe);
                return written > 0 ? written : -Errno.BrokenPipe;
            }
            uint free = Capacity - Available(pipe);
            // A small write goes in whole or waits.
            uint needed = buffer.Length <= Capacity ? (uint)buffer.Length : 1;
            if (free < needed)
            {
                if (nonBlocking)
                    return written > 0 ? written : -Errno.Again;
                if (Scheduler.Block(&pipe->writers, Timers.Never) == WakeReason.Signal)
                    return written > 0 ? written : -Errno.RestartSystemCall;
                continue;
            }
            int rest = buffer.Length - written;
            if (!UserMemory.IsReadable(buffer.Slice(written, rest < Capacity ? rest : Capacity)))
                return written > 0 ? written : -Errno.Fault;
            for (; written < buffer.Length && Available(pipe) < Capacity; written++)
                pipe->bytes[pipe->tail++ % Capacity] = buffer[written];
            Changed(pipe, &pipe->readers);
        }
        return written;
    }

    private static void Free(byte* bytes)
    {
        Frames.Free((ulong)bytes - Layout.DirectMap, 0);
        Commit.Uncharge(1);
    }

    private static void Changed(PipeBuffer* pipe, WaitQueue* waiting)
    {
        pipe->changes++;
        Scheduler.WakeAll(waiting);
        Readiness.Changed();
    }
}
