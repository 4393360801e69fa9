// The first thread of the program: its stack with arguments, environment and auxiliary vector (System V ABI, x86-64), and the jump
// to the C library's entry point.
using System;
using Xenolith.Kernel.Boot;
using Xenolith.Kernel.Cpu;
using Xenolith.Kernel.Diagnostics;
using Xenolith.Kernel.Entropy;
using Xenolith.Kernel.Files;
using Xenolith.Kernel.Memory;
using Xenolith.Kernel.Threads;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Linux;

internal static unsafe class ProgramStart
{
    /// <summary>Bytes reserved for the first thread's stack; pages come as it is used. Linux's usual 8 MiB.</summary>
    internal const ulong StackSize = 8 << 20;

    private const int MaximumWords = 256;
    private const ulong AuxNull = 0, AuxProgramHeaders = 3, AuxHeaderSize = 4, AuxHeaderCount = 5, AuxPageSize = 6, AuxEntry = 9;
    private const ulong AuxUid = 11, AuxEuid = 12, AuxGid = 13, AuxEgid = 14, AuxCapabilities = 16, AuxClockTicks = 17, AuxSecure = 23, AuxRandom = 25, AuxName = 31, AuxVdso = 33;
    /// <summary>Starts the program. Does not return: the boot stack is left behind.</summary>
    internal static void Enter()
    {
        Thread* thread = ThreadTable.Allocate();
        if (thread == null)
            Panic.Refuse("too little memory for the first thread: raise memory= in the domain's configuration");
        long stack = AddressSpace.MapStack(StackSize);
        if (stack < 0)
            Panic.Refuse("too little memory for the first stack: raise memory= in the domain's configuration");

        TrapFrame* frame = thread->Frame;
        frame->Rip = Asm.ProgramEntry;
        frame->Cs = 0x08;
        frame->Ss = 0x10;
        frame->Rflags = 0x202;
        frame->Rsp = BuildStack((ulong)stack + StackSize);
        Scheduler.Begin(thread);
        Hypervisor.SharedInfo->VcpuInfo.EvtchnUpcallMask = 0;
        Asm.EnterProgram((ulong)frame);
    }

    /// <summary>Lays out strings, vectors and argc below <paramref name="top"/>; returns the stack pointer.</summary>
    private static ulong BuildStack(ulong top)
    {
        Span<byte> line = StartInfo.CommandLine;
        int* offsets = stackalloc int[MaximumWords];
        CommandLineResult result = CommandLine.Split(line, new Span<int>(offsets, MaximumWords), out CommandLineWords words);
        if (result != CommandLineResult.Done)
            RefuseCommandLine(result, words.ErrorPosition);

        // From high to low: program name, random bytes, the words' text, then the vectors, 16-byte aligned.
        byte* at = (byte*)top - 16;
        Span<byte> program = stackalloc byte[Names.Longest + 8];
        int programLength = FileTree.ProgramPath(program);
        at -= programLength + 1;
        byte* name = at;
        Copy(name, program.Slice(0, programLength));
        name[programLength] = 0;
        at = (byte*)((ulong)at - 16 & ~15ul);
        byte* random = at;
        EntropyPool.Fill(new Span<byte>(random, 16));
        at -= words.TextLength;
        byte* text = at;
        Copy(text, line.Slice(0, words.TextLength));
        at = (byte*)((ulong)at - HeapRange.Capacity & ~15ul);
        byte* heapRange = HeapRange.IsSet(text, offsets, words.EnvironmentCount) ? null : at;
        if (heapRange != null)
            HeapRange.Write(heapRange);

        EventChannels.TwoLevelOnly = EnvironmentWords.Contain(text, offsets, words.EnvironmentCount, EventChannels.TwoLevelVariable);

        ulong elf = Asm.ImageStart;
        ulong* aux = stackalloc ulong[32];
        int n = 0;
        Add(aux, ref n, AuxProgramHeaders, elf + *(ulong*)(elf + 32)); // e_phoff
        Add(aux, ref n, AuxHeaderSize, *(ushort*)(elf + 54));          // e_phentsize
        Add(aux, ref n, AuxHeaderCount, *(ushort*)(elf + 56));         // e_phnum
        Add(aux, ref n, AuxPageSize, Layout.PageSize);
        Add(aux, ref n, AuxEntry, Asm.ProgramEntry);
        Add(aux, ref n, AuxUid, 0);
        Add(aux, ref n, AuxEuid, 0);
        Add(aux, ref n, AuxGid, 0);
        Add(aux, ref n, AuxEgid, 0);
        Add(aux, ref n, AuxSecure, 0);
        Add(aux, ref n, AuxClockTicks, 100);
        Add(aux, ref n, AuxRandom, (ulong)random);
        Add(aux, ref n, AuxName, (ulong)name);
        Add(aux, ref n, AuxVdso, Asm.VdsoFile);
        Add(aux, ref n, AuxNull, 0);

        int count = 1 + 1 + words.ArgumentCount + 1 + words.EnvironmentCount + 1 + 1 + n;
        ulong* vector = (ulong*)((ulong)at - (ulong)count * 8 & ~15ul);
        int v = 0;
        vector[v++] = (ulong)words.ArgumentCount + 1;
        vector[v++] = (ulong)name;
        for (int i = 0; i < words.ArgumentCount; i++)
            vector[v++] = (ulong)(text + offsets[words.EnvironmentCount + i]);
        vector[v++] = 0;
        for (int i = 0; i < words.EnvironmentCount; i++)
            vector[v++] = (ulong)(text + offsets[i]);
        if (heapRange != null)
            vector[v++] = (ulong)heapRange;
        vector[v++] = 0;
        for (int i = 0; i < n; i++)
            vector[v++] = aux[i];
        return (ulong)vector;
    }

    private static void RefuseCommandLine(CommandLineResult result, int position)
    {
        Log.Begin();
        Log.Text("cannot start: the command line ");
        Log.Text(result == CommandLineResult.UnterminatedQuote ? "has a double quote that is not closed"
            : result == CommandLineResult.TrailingBackslash ? "ends with a backslash that escapes nothing"
            : "has too many words");
        Log.Text(", at byte ");
        Log.Decimal((ulong)position + 1);
        Log.Text(": change it where the domain is configured");
        Log.End();
        Panic.Crash();
    }

    private static void Add(ulong* aux, ref int n, ulong kind, ulong value)
    {
        aux[n++] = kind;
        aux[n++] = value;
    }

    private static void Copy(byte* to, ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
            to[i] = text[i];
    }
}
