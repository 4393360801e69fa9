// Programs that must die, each of one defect: the first argument names it. Others show how memory is protected, and end well.
using System.Runtime.CompilerServices;

namespace Defects;

internal static unsafe class Program
{
    private const ulong Page = 4096;
    private const byte Return = 0xc3;
    private const ulong DirectMap = 0xFFFF_8000_0000_0000;

    private static readonly Dictionary<string, Action> s_defects = new()
    {
        ["read-null"] = () => Native.Read(0),
        ["call-null"] = () => Native.Call(0),
        ["call-nowhere"] = () => Native.Call(0xdead_0000),

        ["write-code-of-program"] = () => Native.Write(Native.Text.Start + Page, Return),
        ["write-code-of-kernel"] = () => Native.Write(Native.KernelText.Start, Return),
        ["write-hypercall-page"] = () => Native.Write(HypercallPage(), Return),
        ["write-constants"] = () => Native.Write(Native.Constants.Start, 1),
        ["write-code-through-direct-map"] = () => Native.Write(DirectMap + Native.KernelText.Start, Return),
        ["write-interrupt-table"] = () => Native.Write(Native.GetInterruptTable(), 1),

        ["execute-data"] = () => Native.Call(Native.MakeCodeInData()),
        ["execute-constants"] = () => Native.Call(Native.Constants.Start),
        ["execute-heap"] = () => Native.Call(Native.MakeCodeOnHeap()),
        ["execute-managed-heap"] = ExecuteManagedHeap,
        ["execute-stack"] = Native.ExecuteStack,
        ["execute-direct-map"] = () => Native.Call(DirectMap + Native.Data.End),

        ["overflow-buffer"] = () => Native.OverflowBuffer(64),
        ["overflow-managed-buffer"] = () => OverflowBuffer(64),
        ["overflow-kernel-buffer"] = () => Native.OverflowKernelBuffer(64),

        ["overflow-native-stack"] = () => Native.OverflowStack(0),
        ["overflow-native-stack-of-thread"] = () => Native.OverflowStackOfThread(),
        ["overflow-main-stack-between-mappings"] = Stacks.OverflowBetweenMappings,
        ["overflow-kernel-stack"] = () => Native.OverflowKernelStack(Native.GetKernelStack(0)),
        ["overflow-trap-stack"] = () => Native.OverflowKernelStack(Native.GetKernelStack(2)),

        ["overflow-heap"] = () => Native.OverflowHeap(48),
        ["free-twice"] = () => Native.FreeTwice(),
        ["free-inside"] = () => Native.FreeInside(),
    };

    private static int Main(string[] args)
    {
        switch (args)
        {
            case ["page-tables"]:
                PageTables.Check();
                return 0;
            case ["control-registers"]:
                Console.WriteLine($"CR0 {Native.ReadControlRegister(0):x} CR4 {Native.ReadControlRegister(4):x} EFER {Native.ReadControlRegister(-1):x}");
                return 0;
            case ["refusals"]:
                Refusals.Show();
                return 0;
            case ["random"]:
                Randomness.Show();
                return 0;
            case [string name] when s_defects.TryGetValue(name, out Action? defect):
                Console.WriteLine("before");
                defect();
                Console.WriteLine("survived");
                return 0;
            default:
                Console.WriteLine(string.Join('\n', s_defects.Keys));
                return 1;
        }
    }

    /// <summary>Xen fills it with one stub every 32 bytes: the number into eax, then the call, which differs between vendors.</summary>
    private static ulong HypercallPage()
    {
        for (ulong page = Native.KernelText.Start; page < Native.KernelText.End; page += Page)
        {
            bool found = true;
            for (int i = 0; i < 20 && found; i++)
            {
                byte* stub = (byte*)page + 32 * i;
                found = stub[0] == 0xb8 && *(int*)(stub + 1) == i && stub[8] == Return;
            }
            if (found)
                return page;
        }
        throw new InvalidOperationException("there is no hypercall page");
    }

    private static void ExecuteManagedHeap()
    {
        byte[] code = GC.AllocateArray<byte>(64, pinned: true);
        code[0] = Return;
        fixed (byte* start = code)
            Native.Call((ulong)start);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int OverflowBuffer(int length)
    {
        byte* buffer = stackalloc byte[16];
        for (int i = 0; i < length; i++)
            buffer[i] = (byte)'x';
        return buffer[length / 2];
    }
}
