// The primary console: Xen's ring between this domain and xenconsoled (Xen: io/console.h). Writes from any context.
//
// Notifications are paired: xenconsoled signals back after every piece it has taken, so while one notification is unanswered
// none is sent, and its answer sends the next if more has been written meanwhile. A burst of lines thus costs one hypercall.
using System;
using System.Threading;
using Xenolith.Abi;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Time;

namespace Xenolith.Kernel.Xen;

internal static unsafe class ConsoleRing
{
    // How long a flush waits without any progress of the other side: it may be gone or stopped.
    private const ulong Patience = 5 * Clock.NanosecondsPerSecond;
    // The same before there is a clock, in turns given to other domains.
    private const int PatienceInYields = 100_000;
    // The serial port, for messages when there is no Xen to print them.
    private const ushort SerialPort = 0x3F8;
    private const ushort DebugPort = 0xE9;

    private static ByteRing output, input;
    private static KeptInput kept;
    private static uint port;
    private static bool ready;
    private static bool unanswered;
    private static bool atLineStart;
    // The other side has let a wait of WriteNow's run out: the next lines do not wait for it again.
    private static bool stuck;
    private static ConsoleInterface* mapped;

    /// <summary>Threads that wait for space, and threads that wait for input.</summary>
    internal static WaitQueue Writers, Readers;

    /// <summary>How often input was found to have come.</summary>
    internal static ulong Arrivals { get; private set; }

    internal static bool HasInput => InputLength > 0;

    /// <summary>Bytes that can be read now.</summary>
    internal static int InputLength => kept.Length + (ready && input.Pending is var pending && pending > 0 ? pending : 0);

    /// <summary>True when the last byte written ended a line, or none was written.</summary>
    internal static bool AtLineStart => !ready || atLineStart;

    internal static void Initialize()
    {
        if (Hypervisor.ConsoleFrame == 0)
            return;
        mapped = (ConsoleInterface*)DeviceWindow.Map(Hypervisor.ConsoleFrame);
        Attach(mapped, Hypervisor.ConsolePort);
        EventChannels.Enable(port);
    }

    /// <summary>Before the domain is suspended: the toolstack empties the ring's page, so that what is in it has to be out.</summary>
    internal static void Suspend()
    {
        Flush();
        if (ready)
            kept.TakeFrom(input);
    }

    /// <summary>In a new domain after a resume: a new ring, which is empty, and a new port. Who waits looks again.</summary>
    internal static void Resume()
    {
        ready = false;
        unanswered = false;
        if (mapped != null && Hypervisor.ConsoleFrame != 0)
        {
            bool wasAtLineStart = atLineStart;
            DeviceWindow.Change(mapped, Hypervisor.ConsoleFrame);
            Attach(mapped, Hypervisor.ConsolePort);
            atLineStart = wasAtLineStart;
            EventChannels.Enable(port);
        }
        Scheduler.WakeAll((WaitQueue*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref Writers));
        Scheduler.WakeAll((WaitQueue*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref Readers));
    }

    /// <summary>For messages before there is memory management: the ring mapped through the boot page tables.</summary>
    private static void AttachEarly()
    {
        ulong frame = (ulong)Hypercalls.HvmParameter(HvmParam.ConsolePfn), eventPort = (ulong)Hypercalls.HvmParameter(HvmParam.ConsoleEvtchn);
        if (!SpecialPage.IsThere(frame, eventPort))
            return;
        // The last large page of the boot tables' identity map is lent to the block that the ring lies in.
        const ulong window = 511 * Layout.LargePageSize;
        ulong physical = frame << 12;
        ulong* level3 = (ulong*)(Asm.RootTable[0] & PageTables.AddressMask);
        ulong* level2 = (ulong*)(level3[0] & PageTables.AddressMask);
        level2[511] = physical & ~(Layout.LargePageSize - 1) | PageTables.Present | PageTables.Writable | PageTables.Large;
        Asm.FlushTranslations();
        Attach((ConsoleInterface*)(window + (physical & Layout.LargePageSize - 1)), (uint)eventPort);
    }

    /// <summary>Puts as much of the program's bytes into the ring as fits; each LF becomes CR LF. Returns how many were taken.</summary>
    internal static int Write(ReadOnlySpan<byte> bytes)
    {
        if (!ready || IsBroken())
            return bytes.Length; // nobody listens
        int taken = 0;
        while (taken < bytes.Length)
        {
            int line = 0;
            while (taken + line < bytes.Length && bytes[taken + line] != (byte)'\n')
                line++;
            if (line > 0)
            {
                int accepted = output.Write(bytes.Slice(taken, line));
                if (accepted <= 0)
                    break;
                atLineStart = false;
                taken += accepted;
                if (accepted < line)
                    break;
            }
            if (taken < bytes.Length)
            {
                if (output.Free < 2)
                    break;
                output.Write("\r\n"u8);
                atLineStart = true;
                taken++;
            }
        }
        if (taken > 0)
            Notify();
        return taken;
    }

    /// <summary>Takes input that is there; 0 if there is none.</summary>
    internal static int Read(Span<byte> buffer)
    {
        if (kept.Length > 0)
        {
            int first = kept.Read(buffer);
            if (kept.Length == 0 && ready)
                Hypercalls.Notify(port); // was not told when the ring was emptied
            return first;
        }
        if (!ready || IsBroken())
            return 0;
        int count = input.Read(buffer);
        if (count > 0)
            Hypercalls.Notify(port);
        return count < 0 ? 0 : count;
    }

    /// <summary>
    /// A back end that claims more than the ring holds is not to be trusted again: the console is closed, says so where Xen's own log is
    /// (port 0xE9, `xl dmesg`), and the program goes on without it.
    /// </summary>
    private static bool IsBroken()
    {
        if (output.Pending >= 0 && input.Pending >= 0)
            return false;
        ready = false;
        ReadOnlySpan<byte> message = "xenolith: the console's back end has broken its ring; the console is closed\n"u8;
        for (int i = 0; i < message.Length; i++)
            Asm.WritePort(DebugPort, message[i]);
        Scheduler.WakeAll((WaitQueue*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref Writers));
        return true;
    }

    /// <summary>The back end has signalled: there may be space, input, or both.</summary>
    internal static void Signalled()
    {
        unanswered = false;
        if (!ready || IsBroken())
            return;
        if (output.Pending > 0)
            Notify();
        Scheduler.WakeAll((WaitQueue*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref Writers));
        if (input.Pending > 0)
        {
            Arrivals++;
            Scheduler.WakeAll((WaitQueue*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref Readers));
            Readiness.Changed();
        }
        PerCpu.This->Reschedule = true;
    }

    /// <summary>Writes everything before it returns, waiting in the hypervisor for space: for the kernel's own lines.</summary>
    internal static void WriteNow(ReadOnlySpan<byte> bytes)
    {
        if (!ready && Hypervisor.IsPresent && Hypervisor.SharedInfo == null)
            AttachEarly();
        if (!ready)
        {
            WriteSerial(bytes);
            return;
        }
        int written = 0;
        while (written < bytes.Length)
        {
            int accepted = Write(bytes.Slice(written));
            written += accepted;
            if (accepted > 0)
                stuck = false;
            else if (stuck || !WaitForProgress())
            {
                stuck = true;
                return;
            }
        }
    }

    /// <summary>Waits until the other side has taken everything, as long as it makes progress.</summary>
    internal static void Flush()
    {
        if (!ready)
            return;
        while (output.Pending > 0 && WaitForProgress())
        {
        }
    }

    /// <summary>Blocks the CPU until the back end has taken something. False if it does not within its time, or broke the ring.</summary>
    private static bool WaitForProgress()
    {
        int before = output.Pending;
        if (before < 0)
            return false;
        unanswered = false;
        Notify();
        if (Hypervisor.SharedInfo == null)
        {
            for (int i = 0; i < PatienceInYields && output.Pending == before; i++)
                Hypercalls.Yield();
            return output.Pending >= 0 && output.Pending != before;
        }
        ulong deadline = Clock.Now() + Patience;
        for (; ; )
        {
            if (output.Pending != before)
                return output.Pending >= 0;
            if (Clock.Now() >= deadline)
                return false;
            EventChannels.Clear(port);
            // Looked at once more after the event was taken back, so that none is missed.
            if (output.Pending != before)
                return output.Pending >= 0;
            uint one = port;
            Hypercalls.Poll(&one, 1, deadline);
        }
    }

    private static void Attach(ConsoleInterface* page, uint eventPort)
    {
        port = eventPort;
        output = new ByteRing(page->Out, ConsoleInterface.OutSize, &page->OutCons, &page->OutProd);
        input = new ByteRing(page->In, ConsoleInterface.InSize, &page->InCons, &page->InProd);
        ready = true;
        atLineStart = true;
    }

    private static void Notify()
    {
        if (unanswered)
            return;
        unanswered = true;
        Hypercalls.Notify(port);
    }

    private static void WriteSerial(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            // Line status register, transmitter empty; where no port answers, all bits read as one.
            while ((Asm.ReadPort(SerialPort + 5) & 0x20) == 0)
            {
            }
            Asm.WritePort(SerialPort, bytes[i]);
        }
    }
}
