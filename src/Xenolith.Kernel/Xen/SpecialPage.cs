// A page that the toolstack gave the domain for a ring, and the port beside it, as the parameters of the domain tell: at the start and after each
// resume, there perhaps those of another toolstack. One that sets none leaves them 0, or all ones.
namespace Xenolith.Kernel.Xen;

internal static class SpecialPage
{
    // Every processor for which Xen makes such domains has addresses of 36 bits.
    private const ulong FrameMaximum = (1ul << 36 - 12) - 1;

    /// <summary>
    /// Whether there is a ring: its frame can be mapped, and its port has a place in the first page of either kind of event channels.
    /// </summary>
    internal static bool IsThere(ulong frame, ulong port) =>
        frame is > 0 and <= FrameMaximum && port is > 0 and < FifoEvents.WordsPerPage;
}
