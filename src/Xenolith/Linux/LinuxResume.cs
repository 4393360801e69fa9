using Xenolith.Xenstore;

namespace Xenolith.Linux;

/// <summary>
/// Tells when the domain of this process was resumed. Linux tells no process; but its driver of xenstore sets all watches up again on the connection
/// of a resumed domain, and a watch tells its path when it is set up. Of a node that nobody changes, each further event is a resume.
/// </summary>
/// <remarks>
/// After a suspension that was cancelled Linux keeps its connection, and there is no event. The node is the domain's number, which the toolstack
/// writes before the domain starts, and never again. Source: Linux, drivers/xen/xenbus/xenbus_xs.c, <c>xs_resume</c> and <c>xs_suspend_cancel</c>.
/// </remarks>
internal static class LinuxResume
{
    private const string Unchanging = "domid";

    /// <summary>Calls back at each resume until xenstore cannot be reached any more.</summary>
    internal static async Task FollowAsync(XenstoreClient store, Action resumed)
    {
        // Each event counts: a queue of paths would make one of the first and that of a resume right after it.
        FairSemaphore events = new(0);
        bool hasEnded = false;
        try
        {
            await store.FollowAsync(Unchanging, () => events.Release(), () =>
            {
                Volatile.Write(ref hasEnded, true);
                events.Release();
            });
            await events.WaitAsync(CancellationToken.None); // that it is there
            while (true)
            {
                await events.WaitAsync(CancellationToken.None);
                if (Volatile.Read(ref hasEnded))
                    return;
                resumed();
            }
        }
        catch (Exception error) when (error is XenstoreException or ObjectDisposedException or PlatformNotSupportedException)
        {
            // Without xenstore nothing tells.
        }
    }
}
