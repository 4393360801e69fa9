// What the file system has from the start: the program and its content below /app, devices below /dev, what the kernel tells below /proc
// and /sys, and a few files in /etc, where what was packed there comes first. A directory's entries are made when something in it is first asked for.
//
//      /app         read-only: the program, and what was packed with it
//      /usr         read-only: what was packed there, if anything was
//      /dev, /proc, /sys   read-only
//      /dev/shm, /etc, /root, /run, /tmp, /var/tmp and the root itself   writable, in memory
using System;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Linux;
using Xenolith.Kernel.Memory;

namespace Xenolith.Kernel.Files;

internal static unsafe class SystemTree
{
    private const uint DirectoryMode = FileType.Directory | 0x1ED, FileMode = FileType.Regular | 0x1A4, ReadOnlyMode = FileType.Regular | 0x124;
    private const uint DeviceMode = FileType.CharacterDevice | 0x1B6, Sticky = 0x200, All = 0x1FF;

    // Device numbers as programs see them (makedev(3)), for small ones: 256 * major + minor.
    internal const uint NullDevice = 0x103, ZeroDevice = 0x105, FullDevice = 0x107, RandomDevice = 0x108, UnlimitedRandomDevice = 0x109;
    internal const uint TerminalDevice = 0x500, ConsoleDevice = 0x501;

    // Tags of directories that are not the archive's, whose tags count from 0.
    private const uint Devices = 0x8000_0000, Configuration = Devices + 1, Processes = Devices + 2, Process = Devices + 3, Tasks = Devices + 4;
    private const uint Hardware = Devices + 5, HardwareDevices = Devices + 6, HardwareSystem = Devices + 7, Processors = Devices + 8, Variable = Devices + 9;
    private const uint Descriptors = Devices + 10;

    // And of the directory of thread n: Thread + n.
    private const uint Thread = 0x9000_0000;

    private static Inode* devices, console;

    /// <summary>What /dev/console leads to; null if there is no memory for it.</summary>
    internal static Inode* Console
    {
        get
        {
            if (console == null)
                _ = FileTree.System->EnsurePopulated(devices);
            return console;
        }
    }

    /// <summary>The archive in the image.</summary>
    private static PackedContent Content => new((byte*)Asm.Content);

    internal static ReadOnlySpan<byte> ProgramName => Content.IsPresent ? Content.ProgramName : "program"u8;

    /// <summary>Whether something was packed below /usr.</summary>
    internal static bool HasShared => Content.IsPresent && Content.Entry(PackedContent.Shared)->Size != 0;

    /// <summary>Makes what the root has.</summary>
    internal static long PopulateRoot()
    {
        Inode* root = FileTree.System->Root;
        Maker maker = new(root);
        maker.Directory("app"u8, PackedContent.Application, InodeFlags.ReadOnly);
        devices = maker.Directory("dev"u8, Devices, InodeFlags.ReadOnly);
        maker.Directory("etc"u8, Configuration);
        maker.Directory("proc"u8, Processes, InodeFlags.ReadOnly);
        maker.Node("root"u8, FileType.Directory | 0x1C0);
        maker.Node("run"u8, DirectoryMode);
        maker.Directory("sys"u8, Hardware, InodeFlags.ReadOnly);
        maker.Node("tmp"u8, FileType.Directory | Sticky | All);
        if (HasShared)
            maker.Directory("usr"u8, PackedContent.Shared, InodeFlags.ReadOnly);
        maker.Directory("var"u8, Variable);
        return maker.Error;
    }

    /// <summary>Makes the entries of a directory.</summary>
    internal static long Populate(Inode* directory)
    {
        Maker maker = new(directory);
        uint tag = directory->Tag, thread = tag > Thread ? tag - Thread : (uint)ProcessCalls.ProcessId;
        switch (tag > Thread ? Thread : tag)
        {
            case Devices:
                maker.Device("null"u8, NullDevice);
                maker.Device("zero"u8, ZeroDevice);
                maker.Device("full"u8, FullDevice);
                maker.Device("random"u8, RandomDevice);
                maker.Device("urandom"u8, UnlimitedRandomDevice);
                maker.Device("tty"u8, TerminalDevice);
                console = maker.Device("console"u8, ConsoleDevice);
                maker.Node("shm"u8, FileType.Directory | Sticky | All);
                maker.Link("fd"u8, "/proc/self/fd"u8);
                maker.Link("stdin"u8, "/proc/self/fd/0"u8);
                maker.Link("stdout"u8, "/proc/self/fd/1"u8);
                maker.Link("stderr"u8, "/proc/self/fd/2"u8);
                break;
            case Configuration:
                // What was packed comes first, and in the place of the kernel's own.
                long error = Content.IsPresent ? Content.Populate(FileTree.System, directory, PackedContent.Configuration) : 0;
                if (error != 0)
                    return error;
                maker.File("passwd"u8, "root:x:0:0:root:/root:/bin/sh\n"u8);
                maker.File("group"u8, "root:x:0:\n"u8);
                maker.File("hosts"u8, "127.0.0.1\tlocalhost\n::1\tlocalhost\n"u8);
                maker.File("nsswitch.conf"u8, "hosts: files dns\n"u8);
                maker.File("os-release"u8, "NAME=Xenolith\nID=xenolith\nPRETTY_NAME=\"Xenolith\"\n"u8);
                break;
            case Processes:
                maker.Link("self"u8, "1"u8);
                maker.Link("mounts"u8, "self/mounts"u8);
                maker.Directory("1"u8, Process, InodeFlags.ReadOnly);
                maker.Generated("meminfo"u8, GeneratedFile.MemoryInfo);
                maker.Generated("stat"u8, GeneratedFile.SystemStatistics);
                maker.Generated("uptime"u8, GeneratedFile.Uptime);
                maker.Generated("loadavg"u8, GeneratedFile.Load);
                maker.Generated("version"u8, GeneratedFile.Version);
                maker.Generated("cpuinfo"u8, GeneratedFile.Processors);
                break;
            case Process:
                byte* path = stackalloc byte[Names.Longest + 8];
                maker.Link("exe"u8, new ReadOnlySpan<byte>(path, FileTree.ProgramPath(new Span<byte>(path, Names.Longest + 8))));
                maker.Link("cwd"u8, "/app"u8);
                maker.Link("root"u8, "/"u8);
                maker.Directory("fd"u8, Descriptors, InodeFlags.ReadOnly);
                maker.Directory("task"u8, Tasks, InodeFlags.ReadOnly);
                goto case Thread;
            case Thread:
                maker.Generated("cgroup"u8, GeneratedFile.ControlGroup);
                maker.Generated("cmdline"u8, GeneratedFile.CommandLine);
                maker.Generated("comm"u8, GeneratedFile.Name, thread);
                maker.Generated("maps"u8, GeneratedFile.Maps);
                maker.Generated("mountinfo"u8, GeneratedFile.MountInfo);
                maker.Generated("mounts"u8, GeneratedFile.Mounts);
                maker.Generated("stat"u8, GeneratedFile.ProcessStatistics);
                maker.Generated("statm"u8, GeneratedFile.MemoryStatistics);
                maker.Generated("status"u8, GeneratedFile.Status);
                break;
            case Tasks:
                return ThreadDirectories.Update(directory, Thread);
            case Descriptors:
                return DescriptorDirectory.Update(directory);
            case Hardware:
                maker.Directory("devices"u8, HardwareDevices, InodeFlags.ReadOnly);
                break;
            case HardwareDevices:
                maker.Directory("system"u8, HardwareSystem, InodeFlags.ReadOnly);
                break;
            case HardwareSystem:
                maker.Directory("cpu"u8, Processors, InodeFlags.ReadOnly);
                break;
            case Processors:
                maker.Generated("possible"u8, GeneratedFile.ProcessorList);
                maker.Generated("present"u8, GeneratedFile.ProcessorList);
                maker.Generated("online"u8, GeneratedFile.ProcessorList);
                break;
            case Variable:
                maker.Node("tmp"u8, FileType.Directory | Sticky | All);
                break;
            default:
                return PopulatePacked(directory);
        }
        return maker.Error;
    }

    private static long PopulatePacked(Inode* directory)
    {
        long error = Content.IsPresent ? Content.Populate(FileTree.System, directory, directory->Tag) : 0;
        if (error != 0 || directory->Tag != PackedContent.Application)
            return error;
        // The program lies beside its content, as what of it is constant.
        Inode* program = FileTree.System->CreateOnce(directory, ProgramName, FileType.Regular | 0x16D, out error);
        if (program == null)
            return error;
        program->Flags = InodeFlags.ReadOnly | InodeFlags.Packed;
        program->Bytes = (byte*)Asm.ImageStart;
        program->Size = Asm.RodataEnd - Asm.ImageStart;
        return 0;
    }

    /// <summary>Makes the entries of one directory; after a failure it makes no more.</summary>
    private ref struct Maker(Inode* parent)
    {
        private readonly Inode* directory = parent;

        internal long Error { get; private set; }

        internal Inode* Node(ReadOnlySpan<byte> name, uint mode)
        {
            if (Error != 0)
                return null;
            Inode* inode = FileTree.System->CreateOnce(directory, name, mode, out long error);
            Error = error;
            return inode;
        }

        internal Inode* Directory(ReadOnlySpan<byte> name, uint tag, InodeFlags flags = InodeFlags.None) => Set(Node(name, DirectoryMode), tag, flags | InodeFlags.Unpopulated);

        internal Inode* Device(ReadOnlySpan<byte> name, uint number) => Set(Node(name, DeviceMode), number, InodeFlags.ReadOnly);

        internal void Generated(ReadOnlySpan<byte> name, GeneratedFile file, uint thread = 0) =>
            Set(Node(name, ReadOnlyMode), GeneratedFiles.TagOf(file, thread), InodeFlags.ReadOnly | InodeFlags.Generated);

        internal void Link(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
        {
            PathResult at = default;
            at.Parent = directory;
            at.SetName(name);
            if (Error == 0)
                Error = FileTree.System->CreateSystemLink(&at, text);
        }

        internal void File(ReadOnlySpan<byte> name, ReadOnlySpan<byte> content)
        {
            Inode* inode = Node(name, FileMode);
            if (inode == null || inode->IsPacked || !inode->IsRegular)
                return;
            long written = FileTree.System->Write(inode, 0, content);
            if (written < 0)
                Error = written;
        }

        private static Inode* Set(Inode* inode, uint tag, InodeFlags flags)
        {
            if (inode == null)
                return null;
            inode->Tag = tag;
            inode->Flags = flags;
            return inode;
        }
    }
}
