using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Xenolith.Bed.Agent;

/// <summary>
/// A domain under a debugger. Xen can stop a debugged domain at a breakpoint, but Debian builds it without (CONFIG_GDBSX), and the emulator of the
/// bed does not let Xen intercept INT3. So the guest stops itself: while a debugger is there, the entry points of its vectors 1 (single step) and 3
/// (breakpoint) are an endless loop, which runs with interrupts off and changes no register. Whoever finds the virtual CPU there pauses the domain
/// and undoes the trap. One virtual CPU. Not thread-safe.
/// </summary>
internal sealed unsafe class DebuggedDomain : IDisposable
{
    private const ulong TrapFlag = 0x100;
    private const ulong Present = 1;
    private const ulong LargePage = 0x80;
    private const ulong AddressMask = 0x000F_FFFF_FFFF_F000;
    private const ulong PagingEnabled = 1ul << 31;
    private const int PageSize = 4096;
    private const int MostPages = 256;

    // What a stub of the guest's kernel takes (its Cpu/Traps.S), and: pause; jmp to it.
    private const int StubSize = 16;
    private const int StepVector = 1;
    private const int BreakpointVector = 3;
    private static readonly byte[] EndlessLoop = [0xF3, 0x90, 0xEB, 0xFC];

    private readonly uint _domain;
    private readonly nint _control;
    private readonly nint _memory;
    private readonly Dictionary<ulong, nint> _pages = [];
    private readonly ulong[] _stubs;
    private readonly byte[][] _original;

    /// <summary>Stops a domain.</summary>
    /// <param name="domain">Its id.</param>
    /// <param name="trapStubs">Where its kernel's entry points of vectors begin, 16 bytes each.</param>
    /// <exception cref="IOException">There is no such domain, or no such address in it.</exception>
    public DebuggedDomain(int domain, ulong trapStubs)
    {
        _domain = (uint)domain;
        _control = Libxenctrl.Open(0, 0, 0);
        _memory = Libxenforeignmemory.Open(0, 0);
        if (State == DomainState.Running)
            Pause();
        _stubs = [trapStubs + (StepVector * StubSize), trapStubs + (BreakpointVector * StubSize)];
        _original = [.. _stubs.Select(stub =>
        {
            byte[] bytes = new byte[EndlessLoop.Length];
            return Read(stub, bytes) == bytes.Length && Write(stub, EndlessLoop) == bytes.Length ? bytes : throw new IOException($"the domain has no code at 0x{stub:x}");
        })];
    }

    /// <summary>Whether it runs.</summary>
    public DomainState State
    {
        get
        {
            Libxenctrl.DomainInfo info;
            if (Libxenctrl.GetInfo(_control, _domain, 1, &info) != 1 || info.Domain != _domain || (info.Flags & Libxenctrl.Dying) != 0)
                return DomainState.Gone;
            if ((info.Flags & (Libxenctrl.Shutdown | Libxenctrl.Crashed)) != 0)
                return info.ShutdownReason == Libxenctrl.ReasonCrash ? DomainState.Crashed : DomainState.Ended;
            return (info.Flags & Libxenctrl.Paused) != 0 ? DomainState.Stopped : DomainState.Running;
        }
    }

    /// <summary>
    /// As <see cref="State"/>, but a domain that has run into a breakpoint or ended a step is stopped now, with the registers as they were before the
    /// trap.
    /// </summary>
    public DomainState Look()
    {
        DomainState state = State;
        if (state != DomainState.Running || !IsTrapped(Registers))
            return state;
        Pause();
        VcpuContext context = Registers;
        Span<ulong> frame = stackalloc ulong[4]; // rip, cs, rflags, rsp; then ss
        if (Read(context.Rsp, MemoryMarshal.AsBytes(frame)) != MemoryMarshal.AsBytes(frame).Length)
            throw new IOException("the domain's interrupt stack cannot be read");
        context.Rip = frame[0];
        context.Rflags = frame[2] & ~TrapFlag;
        context.Rsp = frame[3];
        Registers = context;
        return DomainState.Stopped;
    }

    public void Pause() => Check(Libxenctrl.Pause(_control, _domain), "pausing");

    /// <summary>Lets the domain run, for one instruction if asked. It stops again by itself at a breakpoint or after the step.</summary>
    public void Resume(bool step)
    {
        VcpuContext context = Registers;
        ulong flags = step ? context.Rflags | TrapFlag : context.Rflags & ~TrapFlag;
        if (flags != context.Rflags)
        {
            context.Rflags = flags;
            Registers = context;
        }
        Check(Libxenctrl.Unpause(_control, _domain), "unpausing");
    }

    /// <summary>The registers of a stopped domain.</summary>
    public VcpuContext Registers
    {
        get
        {
            VcpuContext context;
            Check(Libxenctrl.GetContext(_control, _domain, 0, &context), "reading the registers of");
            return context;
        }

        set => Check(Libxenctrl.SetContext(_control, _domain, 0, &value), "writing the registers of");
    }

    /// <summary>Reads what lies at a virtual address, up to the first page that is not there.</summary>
    /// <returns>How many bytes were read.</returns>
    public int Read(ulong address, Span<byte> bytes)
    {
        int done = 0;
        while (done < bytes.Length && Find(address + (ulong)done) is nint page and not 0)
        {
            ReadOnlySpan<byte> rest = InPage(page, address + (ulong)done);
            int length = Math.Min(rest.Length, bytes.Length - done);
            rest[..length].CopyTo(bytes[done..]);
            done += length;
        }
        return done;
    }

    /// <summary>Writes to a virtual address, whatever the guest itself may do there, up to the first page that is not there.</summary>
    /// <returns>How many bytes were written.</returns>
    public int Write(ulong address, ReadOnlySpan<byte> bytes)
    {
        int done = 0;
        while (done < bytes.Length && Find(address + (ulong)done) is nint page and not 0)
        {
            Span<byte> rest = InPage(page, address + (ulong)done);
            int length = Math.Min(rest.Length, bytes.Length - done);
            bytes.Slice(done, length).CopyTo(rest);
            done += length;
        }
        return done;
    }

    /// <summary>Ends the domain as crashed.</summary>
    public void Kill() => Check(Libxenctrl.ShutdownDomain(_control, _domain, Libxenctrl.ReasonCrash), "ending");

    /// <summary>Lets the domain go on without a debugger.</summary>
    public void Dispose()
    {
        // It may be gone by now; there is nothing to undo then.
        if (State is DomainState.Running && Look() is DomainState.Running)
            Pause();
        if (State == DomainState.Stopped)
        {
            for (int i = 0; i < _stubs.Length; i++)
                Write(_stubs[i], _original[i]);
            Resume(step: false);
        }
        foreach (nint page in _pages.Values)
            Libxenforeignmemory.Unmap(_memory, page, 1);
        Libxenforeignmemory.Close(_memory);
        Libxenctrl.Close(_control);
    }

    private bool IsTrapped(in VcpuContext context)
    {
        foreach (ulong stub in _stubs)
            if (context.Rip - stub < (ulong)EndlessLoop.Length)
                return true;
        return false;
    }

    // A page stays mapped until Find unmaps all of them, which only the next call does.
    private static Span<byte> InPage(nint page, ulong address) =>
        new((byte*)page + (address & (PageSize - 1)), PageSize - (int)(address & (PageSize - 1)));

    /// <summary>The page that holds a virtual address, mapped here; 0 when the guest has none there.</summary>
    private nint Find(ulong address)
    {
        VcpuContext context = Registers;
        ulong physical = address;
        if ((context.Cr0 & PagingEnabled) != 0)
        {
            ulong table = context.Cr3 & AddressMask;
            int shift = 39;
            for (; ; shift -= 9)
            {
                nint page = Map(table);
                if (page == 0)
                    return 0;
                ulong entry = ((ulong*)page)[address >> shift & 511];
                if ((entry & Present) == 0)
                    return 0;
                table = entry & AddressMask;
                if (shift == 12 || (shift < 39 && (entry & LargePage) != 0))
                    break;
            }
            ulong within = (1ul << shift) - 1;
            physical = (table & ~within) | (address & within);
        }
        return Map(physical & AddressMask);
    }

    private nint Map(ulong physical)
    {
        ulong frame = physical / PageSize;
        if (_pages.TryGetValue(frame, out nint known))
            return known;
        if (_pages.Count == MostPages)
        {
            foreach (nint page in _pages.Values)
                Libxenforeignmemory.Unmap(_memory, page, 1);
            _pages.Clear();
        }
        int error = 0;
        nint mapped = Libxenforeignmemory.Map(_memory, _domain, Libxenforeignmemory.ReadWrite, 1, &frame, &error);
        if (mapped == 0 || error != 0)
            return 0;
        _pages[frame] = mapped;
        return mapped;
    }

    private static void Check(int result, string what)
    {
        if (result < 0)
            throw new IOException($"{what} the domain: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
    }
}

/// <summary>What a debugged domain does.</summary>
internal enum DomainState
{
    Running,
    Stopped,

    /// <summary>Shut down in order.</summary>
    Ended,
    Crashed,

    /// <summary>No longer there.</summary>
    Gone,
}

/// <summary>vcpu_guest_context_t of Xen's public/arch-x86/xen.h for 64 bits: the fields that a PVH domain has and a debugger shows.</summary>
[StructLayout(LayoutKind.Explicit, Size = 5168)]
internal unsafe struct VcpuContext
{
    /// <summary>As FXSAVE stores it.</summary>
    [FieldOffset(0)]
    public fixed byte Fpu[512];

    /// <summary>r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi.</summary>
    [FieldOffset(520)]
    public fixed ulong General[15];

    [FieldOffset(648)]
    public ulong Rip;

    /// <summary>cs, rflags (see below), rsp (see below), ss, es, ds, fs, gs: 8 bytes each.</summary>
    [FieldOffset(656)]
    public fixed ulong Segments[8];

    [FieldOffset(664)]
    public ulong Rflags;

    [FieldOffset(672)]
    public ulong Rsp;

    [FieldOffset(4984)]
    public ulong Cr0;

    [FieldOffset(5008)]
    public ulong Cr3;
}
