// Signals by number, as Linux numbers them on x86-64 (signal(7)).
namespace Xenolith.Kernel.Threads;

internal static class SignalNumber
{
    internal const int Quit = 3, Ill = 4, Trap = 5, Abort = 6, Bus = 7, FloatingPoint = 8, Kill = 9, Segv = 11;
    internal const int Pipe = 13, Term = 15, Child = 17, Continue = 18, Stop = 19, Urgent = 23, CpuLimit = 24, SizeLimit = 25, WindowChange = 28, BadCall = 31;
    internal const int Count = 64;

    // si_code values (sigaction(2)).
    internal const int CodeThread = -6, CodeKernel = 0x80;
    internal const int SegvMapError = 1, SegvAccessError = 2;
    internal const int IntegerDivide = 1, IllegalOpcode = 1, TrapBreakpoint = 1, BusAddress = 2;

    internal static ulong Bit(int signal) => 1ul << signal - 1;
}
