// What the kernel tells in text, below /proc and /sys: written when such a file is opened, as far as programs and the .NET runtime read it.
using System;
using Xenolith.Kernel.Boot;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Files;

internal enum GeneratedFile : uint
{
    MemoryInfo,
    SystemStatistics,
    Uptime,
    Load,
    Version,
    Processors,
    ControlGroup,
    CommandLine,
    Name,
    Maps,
    MountInfo,
    Mounts,
    ProcessStatistics,
    MemoryStatistics,
    Status,
    ProcessorList,
}

/// <summary>Text that becomes a file's content, line by line.</summary>
internal unsafe struct TextWriter
{
    internal LineBuffer Line;
    private Inode* file;

    /// <summary>0, or why the text is not complete.</summary>
    internal long Error { get; private set; }

    internal void Begin(Inode* inode) => file = inode;

    /// <summary>Puts the line so far into the file, as it is.</summary>
    internal void Flush()
    {
        long written = FileTree.System->Write(file, file->Size, Line.Content);
        if (written < Line.Length)
            Error = written < 0 ? written : -Errno.NoSpace;
        Line.Clear();
    }

    internal void End()
    {
        Line.NewLine();
        Flush();
    }

    /// <summary>A line of "name: value unit".</summary>
    internal void Pair(string name, ulong value, string unit = "")
    {
        Line.Text(name);
        Line.Text(":\t");
        Line.Decimal(value);
        Line.Text(unit);
        End();
    }
}

internal static unsafe class GeneratedFiles
{
    private const int ThreadShift = 8;
    private const ulong TicksPerSecond = 100;
    private const string Kilobytes = " kB";

    /// <summary>What the inode of such a file has for a tag: which it is, and of which thread if that matters.</summary>
    internal static uint TagOf(GeneratedFile kind, uint thread) => (uint)kind | thread << ThreadShift;

    /// <summary>A file without a name with the text, with a reference; null and an error when there is no space.</summary>
    internal static Inode* Open(uint tag, out long error)
    {
        error = -Errno.NoSpace;
        Inode* file = FileTree.System->NewInode(FileType.Regular | 0x124);
        if (file == null)
            return null;
        TextWriter text = default;
        text.Begin(file);
        Write((GeneratedFile)(tag & (1 << ThreadShift) - 1), (int)(tag >> ThreadShift), ref text);
        file->Flags = InodeFlags.ReadOnly;
        error = text.Error;
        if (error == 0)
            return file;
        FileTree.System->Release(file);
        return null;
    }

    private static void Write(GeneratedFile kind, int thread, ref TextWriter text)
    {
        switch (kind)
        {
            case GeneratedFile.MemoryInfo: WriteMemory(ref text); break;
            case GeneratedFile.SystemStatistics: WriteSystem(ref text); break;
            case GeneratedFile.Status: WriteStatus(ref text); break;
            case GeneratedFile.ProcessStatistics: WriteProcess(ref text); break;
            case GeneratedFile.Maps: AddressSpace.WriteMaps(ref text); break;
            case GeneratedFile.MemoryStatistics:
                Numbers(ref text, AddressSpace.Size >> 12, Resident, ImagePages, 0, 0, Frames.Used(FrameUse.Program), 0);
                text.End();
                break;
            case GeneratedFile.Uptime:
                text.Line.Decimal(Clock.SinceStart() / Clock.NanosecondsPerSecond);
                text.Line.Text(".00 0.00");
                text.End();
                break;
            case GeneratedFile.Load:
                text.Line.Text("0.00 0.00 0.00 ");
                text.Line.Decimal(Scheduler.RunnableCount + 1);
                text.Line.Text("/");
                text.Line.Decimal((ulong)ThreadTable.Count);
                text.Line.Text(" 1");
                text.End();
                break;
            case GeneratedFile.Version:
                text.Line.Text("Linux version 6.1.0-xenolith (Xenolith 0.1)");
                text.End();
                break;
            case GeneratedFile.Processors:
                text.Line.Text("processor\t: 0");
                text.End();
                break;
            case GeneratedFile.ProcessorList:
                text.Line.Text("0");
                text.End();
                break;
            case GeneratedFile.ControlGroup:
                text.Line.Text("0::/");
                text.End();
                break;
            case GeneratedFile.CommandLine:
                WriteProgram(ref text, withDirectory: true);
                text.Line.Bytes("\0"u8);
                text.Flush();
                break;
            case GeneratedFile.Name:
                WriteName(ref text, thread);
                text.End();
                break;
            case GeneratedFile.MountInfo:
                Mount(ref text, "20 0 0:1 / / rw,relatime - tmpfs tmpfs rw");
                Mount(ref text, "21 20 0:2 / /app ro,relatime - xenolith image ro");
                if (SystemTree.HasShared)
                    Mount(ref text, "25 20 0:6 / /usr ro,relatime - xenolith image ro");
                Mount(ref text, "22 20 0:3 / /dev ro,relatime - devtmpfs dev ro");
                Mount(ref text, "23 20 0:4 / /proc ro,relatime - proc proc ro");
                Mount(ref text, "24 20 0:5 / /sys ro,relatime - sysfs sysfs ro");
                break;
            case GeneratedFile.Mounts:
                Mount(ref text, "tmpfs / tmpfs rw,relatime 0 0");
                Mount(ref text, "image /app xenolith ro,relatime 0 0");
                if (SystemTree.HasShared)
                    Mount(ref text, "image /usr xenolith ro,relatime 0 0");
                Mount(ref text, "dev /dev devtmpfs ro,relatime 0 0");
                Mount(ref text, "proc /proc proc ro,relatime 0 0");
                Mount(ref text, "sysfs /sys sysfs ro,relatime 0 0");
                break;
        }
    }

    private static void Mount(ref TextWriter text, string line)
    {
        text.Line.Text(line);
        text.End();
    }

    private static void WriteMemory(ref TextWriter text)
    {
        text.Pair("MemTotal", Frames.Ram >> 10, Kilobytes);
        text.Pair("MemFree", Frames.FreeCount << 2, Kilobytes);
        text.Pair("MemAvailable", Commit.Available << 2, Kilobytes);
        text.Pair("Buffers", 0, Kilobytes);
        text.Pair("Cached", Frames.Used(FrameUse.Files) << 2, Kilobytes);
        text.Pair("SwapCached", 0, Kilobytes);
        text.Pair("SwapTotal", 0, Kilobytes);
        text.Pair("SwapFree", 0, Kilobytes);
        text.Pair("Shmem", Frames.Used(FrameUse.Files) << 2, Kilobytes);
        text.Pair("PageTables", Frames.Used(FrameUse.PageTables) << 2, Kilobytes);
        text.Pair("CommitLimit", Commit.Limit << 2, Kilobytes);
        text.Pair("Committed_AS", Commit.Charged << 2, Kilobytes);
    }

    private static void WriteSystem(ref TextWriter text)
    {
        ulong busy = Ticks(Scheduler.BusyTime()), idle = Ticks(Clock.SinceStart()) - busy;
        text.Line.Text("cpu  ");
        Numbers(ref text, busy, 0, 0, idle, 0, 0, 0);
        text.Line.Text(" 0 0 0");
        text.End();
        text.Line.Text("cpu0 ");
        Numbers(ref text, busy, 0, 0, idle, 0, 0, 0);
        text.Line.Text(" 0 0 0");
        text.End();
        text.Line.Text("btime ");
        text.Line.Decimal((Clock.WallClock() - Clock.SinceStart()) / Clock.NanosecondsPerSecond);
        text.End();
    }

    private static void WriteStatus(ref TextWriter text)
    {
        text.Line.Text("Name:\t");
        WriteProgram(ref text, withDirectory: false);
        text.End();
        text.Line.Text("State:\tR (running)");
        text.End();
        text.Pair("Tgid", ProcessCalls.ProcessId);
        text.Pair("Pid", ProcessCalls.ProcessId);
        text.Pair("PPid", 0);
        text.Line.Text("Uid:\t0\t0\t0\t0");
        text.End();
        text.Line.Text("Gid:\t0\t0\t0\t0");
        text.End();
        text.Pair("VmPeak", AddressSpace.Size >> 10, Kilobytes);
        text.Pair("VmSize", AddressSpace.Size >> 10, Kilobytes);
        text.Pair("VmHWM", Resident << 2, Kilobytes);
        text.Pair("VmRSS", Resident << 2, Kilobytes);
        text.Pair("VmData", Commit.Charged << 2, Kilobytes);
        text.Pair("VmSwap", 0, Kilobytes);
        text.Pair("Threads", (ulong)ThreadTable.Count);
    }

    // proc(5), /proc/pid/stat. All time that threads ran is user time.
    private static void WriteProcess(ref TextWriter text)
    {
        text.Line.Text("1 (");
        WriteProgram(ref text, withDirectory: false);
        text.Line.Text(") R 0 1 1 0 -1 0 0 0 0 0 ");
        Numbers(ref text, Ticks(Scheduler.BusyTime()), 0, 0, 0, 20, 0, (ulong)ThreadTable.Count);
        text.Line.Text(" 0 0 "); // itrealvalue, starttime
        text.Line.Decimal(AddressSpace.Size);
        text.Line.Text(" ");
        text.Line.Decimal(Resident);
        text.Line.Text(" 18446744073709551615");
        for (int field = 26; field <= 52; field++)
            text.Line.Text(" 0");
        text.End();
    }

    /// <summary>The name of a thread, as prctl(2) has set it; that of the program otherwise.</summary>
    private static void WriteName(ref TextWriter text, int id)
    {
        Thread* thread = ThreadTable.Find(id);
        int length = 0;
        while (thread != null && length < Thread.NameLength && thread->Name[length] != 0)
            length++;
        if (length == 0)
            WriteProgram(ref text, withDirectory: false);
        else
            text.Line.Bytes(new ReadOnlySpan<byte>(thread->Name, length));
    }

    private static void WriteProgram(ref TextWriter text, bool withDirectory)
    {
        if (withDirectory)
            text.Line.Text("/app/");
        text.Line.Bytes(SystemTree.ProgramName);
    }

    private static void Numbers(ref TextWriter text, ulong a, ulong b, ulong c, ulong d, ulong e, ulong f, ulong g)
    {
        ulong* all = stackalloc ulong[] { a, b, c, d, e, f, g };
        for (int i = 0; i < 7; i++)
        {
            if (i > 0)
                text.Line.Text(" ");
            text.Line.Decimal(all[i]);
        }
    }

    private static ulong Ticks(ulong nanoseconds) => nanoseconds / (Clock.NanosecondsPerSecond / TicksPerSecond);

    private static ulong ImagePages => Cpu.Asm.DataEnd - Cpu.Asm.ImageStart >> 12;

    private static ulong Resident => ImagePages + Frames.Used(FrameUse.Program);
}
