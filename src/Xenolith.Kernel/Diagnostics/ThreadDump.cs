// The program's threads: who was running, and what each was doing.
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Threads;

namespace Xenolith.Kernel.Diagnostics;

internal static unsafe class ThreadDump
{
    // What a hung program of many threads is worth: each line goes through the console.
    private const int MaximumThreads = 64, MaximumFrames = 16;
    private const ulong KernelStackSize = 16 * 1024;

    internal static void PrintCurrent()
    {
        Thread* thread = Thread.Current;
        if (thread == null)
            return;
        Log.Begin();
        Log.Text("   ");
        AppendName(thread);
        Log.Text(" of ");
        Log.Decimal((ulong)ThreadTable.Count);
        Log.Text(", ");
        Log.Decimal(Scheduler.RunnableCount);
        Log.Text(" waiting for the CPU; kernel stack below ");
        Log.Hex(thread->KernelStackTop);
        Log.End();
    }

    /// <summary>Where the program was when it called the kernel, if the kernel has failed on a thread's kernel stack.</summary>
    internal static void PrintCaller(ulong stackPointer)
    {
        Thread* thread = Thread.Current;
        if (thread == null || stackPointer > thread->KernelStackTop || thread->KernelStackTop - stackPointer > KernelStackSize)
            return;
        Log.Begin();
        Log.Text("   from the program");
        AppendReason(thread->Frame);
        Log.End();
        Backtrace.Print(thread->Frame);
    }

    internal static void PrintAll()
    {
        for (int id = 1, printed = 0; id <= ThreadTable.MaximumThreads && printed < MaximumThreads; id++)
        {
            Thread* thread = ThreadTable.Find(id);
            if (thread == null)
                continue;
            printed++;
            Log.Begin();
            AppendName(thread);
            Log.Text(thread->State switch
            {
                ThreadState.Running => ", running",
                ThreadState.Runnable => ", waiting for the CPU",
                _ => ", blocked",
            });
            AppendReason(thread->Frame);
            Log.End();
            Backtrace.Print(thread->Frame, MaximumFrames);
        }
    }

    private static void AppendName(Thread* thread)
    {
        Log.Text("thread ");
        Log.Decimal((ulong)thread->Id);
        if (thread->Name[0] == 0)
            return;
        Log.Text(" \"");
        // The program has chosen the name: nothing in it may end the line.
        for (int i = 0; i < Thread.NameLength && thread->Name[i] != 0; i++)
        {
            byte character = thread->Name[i] < ' ' ? (byte)'?' : thread->Name[i];
            Log.Bytes(new(&character, 1));
        }
        Log.Text("\"");
    }

    private static void AppendReason(TrapFrame* frame)
    {
        if (frame->Vector != TrapFrame.SyscallVector)
            return;
        Log.Text(" in system call ");
        Log.Decimal(frame->Error);
    }
}
