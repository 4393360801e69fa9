// Calls on descriptors: those that are open, are not, or are of the wrong kind.
using static SystemCalls.Linux;

namespace SystemCalls;

internal static unsafe class Descriptors
{
    internal static void Run()
    {
        ulong page = (ulong)Page, bad = 999, huge = ulong.MaxValue;
        ulong folder = (ulong)Call(2, Text("/"), 0), nothing = (ulong)Call(2, Text("/dev/null"), 2);
        int* ends = (int*)page;
        Show("pipe", 293, page, 0x800);
        ulong reader = (ulong)ends[0], writer = (ulong)ends[1];
        ulong memory = (ulong)Show("memfd_create", 319, Text("name"), 1);
        ulong poll = (ulong)Show("epoll_create1", 291, 0);

        Show("read, not open", 0, bad, page, 1);
        Show("read, descriptor -1", 0, huge, page, 1);
        Show("read, empty pipe", 0, reader, page, 1);
        Show("read, writer's end", 0, writer, page, 1);
        Show("read, directory", 0, folder, page, 1);
        Show("write, reader's end", 1, reader, page, 1);
        Show("write, kernel's memory", 1, memory, Kernel, 1);
        Show("write, no memory", 1, memory, Nowhere, 1);
        Show("write, guard page", 1, memory, page + 4096, 1);
        Show("write", 1, memory, Text("0123456789"), 10, value: true);
        Show("pread", 17, memory, page, 100, 4, value: true);
        Show("pread, before the start", 17, memory, page, 1, huge);
        Show("pread, beyond the end", 17, memory, page, 1, 1000, value: true);
        Show("pread, pipe", 17, reader, page, 1, 0);
        Show("pread, kernel's memory", 17, memory, Kernel, 10, 0);
        Show("pwrite, too far", 18, memory, page, 1, long.MaxValue);
        Show("lseek, to the end", 8, memory, 0, 2, value: true);
        Show("lseek, before the start", 8, memory, huge, 0);
        Show("lseek, whence", 8, memory, 0, 77);
        Show("lseek, pipe", 8, reader, 0, 0);
        Show("lseek, data beyond the end", 8, memory, 100, 3);

        ulong* vector = (ulong*)page + 64;
        (vector[0], vector[1], vector[2], vector[3]) = (Text("ab"), 2, Text("cd"), 2);
        Show("writev", 20, memory, (ulong)vector, 2, value: true);
        Show("writev, too many", 20, memory, (ulong)vector, 1025);
        Show("writev, none", 20, memory, (ulong)vector, 0, value: true);
        Show("writev, no memory", 20, memory, Nowhere, 2);
        vector[3] = 1ul << 63;
        Show("writev, a length below zero", 20, memory, (ulong)vector, 2);
        Show("readv, not open", 19, bad, (ulong)vector, 1);
        Show("preadv, before the start", 295, memory, (ulong)vector, 1, huge);

        Show("ftruncate", 77, memory, 100);
        Show("ftruncate, below zero", 77, memory, huge);
        Show("ftruncate, pipe", 77, writer, 0);
        Show("ftruncate, not open", 77, bad, 0);
        Show("fallocate", 285, memory, 0, 0, 5000);
        Show("fallocate, no length", 285, memory, 0, 0, 0);
        Show("fallocate, hole without its flag", 285, memory, 2, 0, 4096);
        Show("fallocate, pipe", 285, writer, 0, 0, 1);
        Show("fsync", 74, memory);
        Show("fsync, pipe", 74, writer);
        Show("fadvise", 221, memory, 0, 0, 3);
        Show("fadvise, advice", 221, memory, 0, 0, 17);
        Show("fadvise, pipe", 221, reader, 0, 0, 0);
        Show("copy_file_range, flags", 326, memory, 0, memory, 0, 10, 1);
        Show("copy_file_range, overlap", 326, memory, 0, memory, 0, 10);
        Show("copy_file_range, not open", 326, bad, 0, memory, 0, 10);
        Show("sendfile, from a pipe", 40, memory, reader, 0, 10);
        Show("sendfile, not open", 40, bad, memory, 0, 10);

        Show("dup, not open", 32, bad);
        Show("dup2, out of range", 33, memory, 1 << 30);
        Show("dup3, onto itself", 292, memory, memory, 0);
        Show("dup3, flags", 292, memory, 200, 1);
        Show("fcntl, not open", 72, bad, 1);
        Show("fcntl, command", 72, memory, 4711);
        Show("fcntl, flags", 72, reader, 3, value: true);
        Show("fcntl, duplicate too high", 72, memory, 0, huge);
        Show("flock", 73, memory, 2 | 4);
        Show("flock, operation", 73, memory, 64);
        Show("flock, not open", 73, bad, 1);
        Show("ioctl, not open", 16, bad, 0x5401, page);
        Show("ioctl, terminal's on a pipe", 16, reader, 0x5401, page);
        Show("pipe2, flags", 293, page, 1);
        Show("pipe2, no memory", 293, Nowhere, 0);
        Show("close, not open", 3, bad);
        Show("close, descriptor -1", 3, huge);
        Show("getdents64, not a directory", 217, memory, page, 1000);
        Show("getdents64, too little room", 217, folder, page, 1);
        Show("getdents64, not open", 217, bad, page, 1000);
        Show("fchdir, not a directory", 81, memory);
        Show("fstat, no memory", 5, memory, Nowhere);
        Show("fstat, not open", 5, bad, page);
        Show("fstatfs, not open", 138, bad, page);
        Show("fchmod, not open", 91, bad, 0x1FF);

        uint* wanted = (uint*)page;
        wanted[0] = 1;
        Show("epoll_ctl, add a pipe", 233, poll, 1, reader, page);
        Show("epoll_ctl, again", 233, poll, 1, reader, page);
        Show("epoll_ctl, what was not added", 233, poll, 2, writer, page);
        Show("epoll_ctl, a file", 233, poll, 1, memory, page);
        Show("epoll_ctl, itself", 233, poll, 1, poll, page);
        Show("epoll_ctl, no instance", 233, memory, 1, reader, page);
        Show("epoll_ctl, operation", 233, poll, 17, reader, page);
        Show("epoll_ctl, no memory", 233, poll, 1, writer, Nowhere);
        Show("epoll_create, size 0", 213, 0);
        Show("epoll_create1, flags", 291, 1);
        Show("epoll_wait, nothing there", 232, poll, page, 10, 0, value: true);
        Show("epoll_wait, no room", 232, poll, page, 0, 0);
        Show("epoll_wait, no instance", 232, memory, page, 10, 0);
        Show("poll, no memory", 7, Nowhere, 1, 0);
        Show("poll, none", 7, 0, 0, 1, value: true);
        Show("memfd_create, flags", 319, Text("name"), 1 << 20);
        Show("memfd_create, a long name", 319, Text(new string('n', 250)), 0);
        Show("memfd_create, no name", 319, Nowhere, 0);
        Show("connect, no socket", 42, nothing, page, 16);
        Show("listen, not open", 50, bad, 1);
        Show("recvfrom, no socket", 45, nothing, page, 1);
        Show("shutdown, no socket", 48, nothing, 2);
        foreach (ulong descriptor in (ulong[])[folder, nothing, reader, writer, memory, poll])
            Show("close", 3, descriptor);
    }
}
