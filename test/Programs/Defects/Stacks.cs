// The stack of the first thread among other mappings.
namespace Defects;

internal static class Stacks
{
    private const ulong Page = 4096;
    private const ulong Guard = 64 * 1024;

    /// <summary>Tries to have memory right below the stack, where its overflow would go unseen, by asking for it and by taking much; then overflows it.</summary>
    internal static void OverflowBetweenMappings()
    {
        const int access = Native.ReadAccess | Native.WriteAccess;
        ulong stack = Native.GetStack() & ~(Page - 1);
        // The C library's answer leaves a part of the stack out: look for its end, which is where memory can be had or the guard lies.
        int taken = 0;
        for (ulong below = stack - Page; below >= stack - 16 * 1024 * 1024; below -= Page)
        {
            nint page = Native.Map(below, (nuint)Page, access, Native.Private | Native.Anonymous | Native.FixedNoReplace, -1, 0);
            if (page != -1)
                break;
            taken++;
        }
        Console.WriteLine($"kept free of mappings: {(ulong)taken * Page >= Guard}");
        for (int i = 0; i < 2000; i++)
        {
            nint page = Native.Map(0, (nuint)(i % 7 + 1) * (nuint)Page, access, Native.Private | Native.Anonymous, -1, 0);
            if ((ulong)page < stack && (ulong)page >= stack - (ulong)taken * Page)
                Console.WriteLine("mapped into the guard");
        }
        Native.OverflowStack(0);
    }
}
