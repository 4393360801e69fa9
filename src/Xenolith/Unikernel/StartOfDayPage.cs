using Xenolith.Grants;

namespace Xenolith.Unikernel;

/// <summary>
/// A page that the toolstack gave the domain before it started, and that the kernel keeps mapped at one address until the end, resumes included.
/// </summary>
internal sealed class StartOfDayPage(nint address) : SharedMemory(address, pages: 1)
{
    public override bool CanWrite => true;

    private protected override void Hold()
    {
    }

    private protected override void Release()
    {
    }

    private protected override void ThrowIfUnusable(bool forWriting)
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
