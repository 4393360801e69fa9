namespace Xenolith.Xenstore;

/// <summary>Reaches xenstored over the domain's own rings: one connection a generation.</summary>
internal sealed class XenstorePlatformTransport(XenPlatform platform) : XenstoreTransport
{
    private Generation? _used;

    /// <inheritdoc/>
    public override ValueTask<XenstoreChannel> ConnectAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Generation generation = platform.Generation;
            // A ring that ended within its generation stands anywhere within a message, so it cannot be opened once more.
            if (generation == _used)
                throw new IOException("The domain's ring to xenstored has ended, and there is another only after a resume.");
            try
            {
                IXenstoreRing ring = platform.OpenXenstoreRing() ?? throw new IOException("The domain has no ring to xenstored.");
                _used = generation;
                return ValueTask.FromResult<XenstoreChannel>(new XenstoreRingChannel(ring));
            }
            catch (Exception error) when (platform.Generation != generation && error is XenException or InvalidOperationException)
            {
                // Resumed meanwhile: the port was of before.
            }
        }
    }
}
