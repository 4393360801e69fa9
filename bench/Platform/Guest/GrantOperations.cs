using Xenolith.Grants;

namespace Xenolith.Bench.Platform.Guest;

/// <summary>Maps pages of the other domain, writes to each, and unmaps them.</summary>
internal sealed class MapOperation(XenPlatform platform, Offer offer, int pages) : Operation
{
    public override ValueTask RepeatAsync(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            using ForeignMapping mapping = platform.Grants.Map(offer.Pages.AsSpan(0, pages), GrantAccess.ReadWrite);
            for (int page = 0; page < pages; page++)
                mapping.GetPage(page)[0]++;
            mapping.Unmap();
        }

        return default;
    }
}

/// <summary>Copies pages of the other domain, in one batch.</summary>
internal sealed class CopyOperation(XenPlatform platform, Offer offer, int pages) : Operation
{
    private readonly IoPages _destination = platform.Grants.AllocatePages(pages);
    private readonly GrantCopy[] _pieces = new GrantCopy[pages];

    public override ValueTask RepeatAsync(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int page = 0; page < pages; page++)
                _pieces[page] = GrantCopy.FromForeign(offer.Pages[page], 0, _destination, page * SharedMemory.PageSize, SharedMemory.PageSize);
            if (platform.Grants.Copy(_pieces) != 0)
                throw new InvalidOperationException("A piece was not copied.");
        }

        return default;
    }

    public override ValueTask DisposeAsync()
    {
        ((IDisposable)_destination).Dispose();
        return default;
    }
}

/// <summary>Shares pages of this domain with the other, writes to each, and unshares them.</summary>
internal sealed class ShareOperation(XenPlatform platform, Offer offer, int pages) : Operation
{
    public override async ValueTask RepeatAsync(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            SharedPages shared = await platform.Grants.ShareAsync(offer.Domain, pages, GrantAccess.ReadWrite);
            for (int page = 0; page < pages; page++)
                shared.Pages.GetPage(page)[0] = 1;
            if (shared.TryUnshare() != EndGrantResult.Ended)
                throw new InvalidOperationException("A page that nobody has mapped is busy.");
        }
    }
}
