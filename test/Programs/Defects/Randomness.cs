// What differs from one start to the next.
namespace Defects;

internal static unsafe class Randomness
{
    internal static void Show()
    {
        ulong threadStack = 0;
        Thread thread = new(() => threadStack = Stacks.Here());
        thread.Start();
        thread.Join();
        byte[] large = GC.AllocateUninitializedArray<byte>(1 << 20, pinned: true);
        fixed (byte* managed = large)
        {
            Tell("canary", Native.GetCanary());
            Tell("cookie", Native.GetKernelCookie());
            Tell("stack", Stacks.Here());
            Tell("thread-stack", threadStack);
            Tell("heap", Native.Allocate(64));
            Tell("managed-heap", (ulong)managed);
            Tell("code", Native.Text.Start);
        }
    }

    private static void Tell(string what, ulong value) => Console.WriteLine($"{what} {value:x16}");
}
