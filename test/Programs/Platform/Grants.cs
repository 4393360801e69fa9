using System.Runtime.InteropServices;
using Xenolith;
using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;

namespace PlatformScenarios;

/// <summary>
/// Memory shared with another domain. Two domains play together: each prints what it found, and the test tells them by a line of input what the
/// other is and when to go on.
/// </summary>
internal static class Grants
{
    /// <summary>Grants pages (input: the other domain, how many), tells which, and at each line of input shows what has become of them.</summary>
    internal static async Task<int> ShareAsync(string[] args)
    {
        string[] input = ReadInput();
        (ushort peer, int count) = (ushort.Parse(input[0]), int.Parse(input[1]));
        GrantTable grants = XenPlatform.Current.Grants;
        using EventChannel channel = XenPlatform.Current.EventChannels.AllocateUnbound(peer);
        SharedPages shared = await grants.ShareAsync(peer, count, GrantAccess.ReadWrite);
        for (int page = 0; page < count; page++)
            shared.Pages.GetPage(page).Fill((byte)(page + 1));
        EventCount seen = channel.Count;
        Console.WriteLine($"sharing {channel.Port} {string.Join(' ', shared.References.ToArray())}");

        while (Console.ReadLine() is { } line && line != "end")
        {
            switch (line)
            {
                case "unshare":
                    Console.WriteLine($"unshare {shared.TryUnshare()}");
                    break;
                case "show":
                    Console.WriteLine($"bytes {string.Join(' ', Enumerable.Range(0, count).Select(page => shared.Pages.GetPage(page)[page]))}");
                    break;
                case "event":
                    seen = await channel.WaitAsync(seen);
                    Console.WriteLine("event");
                    break;
            }
        }
        return 0;
    }

    /// <summary>
    /// Maps what the other domain shares (input: that domain, its port, the references), checks it, writes to it and ends as the argument says.
    /// </summary>
    internal static unsafe Task<int> UseAsync(string[] args)
    {
        (ushort peer, uint port, ForeignGrant[] pages) = ReadGrants();
        GrantTable grants = XenPlatform.Current.Grants;
        EventChannel channel = XenPlatform.Current.EventChannels.BindInterdomain(peer, port); // open to the end, as the mapping may be
        ForeignMapping mapping = grants.Map(pages, GrantAccess.ReadWrite);
        for (int page = 0; page < pages.Length; page++)
        {
            if (mapping.GetPage(page).IndexOfAnyExcept((byte)(page + 1)) >= 0)
                throw new InvalidOperationException($"page {page} holds something else");
            mapping.GetPage(page)[page] = (byte)(100 + page);
        }
        using (IoPages local = grants.AllocatePages(1))
        {
            // The first bytes of the last page, to and fro in pieces, without its mapping.
            GrantCopy[] pieces = [.. Enumerable.Range(0, 64).Select(i => GrantCopy.FromForeign(pages[^1], i, local, i * 8, 1))];
            Console.WriteLine($"copied {pieces.Length - grants.Copy(pieces)}: {local.GetSpan()[0]} {local.GetSpan()[63 * 8]}");
            local.GetSpan()[1] = 77;
            pieces = [GrantCopy.ToForeign(local, 1, pages[^1], 4095, 1)];
            Console.WriteLine($"copied {pieces.Length - grants.Copy(pieces)}: {mapping.GetPage(pages.Length - 1)[4095]}");
        }
        mapping.SetUnmapNotification(0, channel);
        Console.WriteLine($"mapped {mapping.PageCount}");
        _ = Console.ReadLine();
        switch (args[0])
        {
            case "unmap":
                mapping.Unmap();
                Console.WriteLine($"unmapped, {grants.GetStatistics().MappedPages} left");
                _ = Console.ReadLine();
                return Task.FromResult(0);
            case "unmap-and-read":
                byte* page = (byte*)mapping.Address;
                Console.WriteLine($"holds {page[0]}");
                mapping.Unmap();
                Console.WriteLine($"read {page[0]}");
                return Task.FromResult(0);
            case "throw":
                throw new InvalidOperationException("the reason");
            default:
                return Task.FromResult(0); // the mapping goes with the domain
        }
    }

    /// <summary>Maps a page of the other domain for reading, in which a system call must not write, nor the program itself.</summary>
    internal static unsafe Task<int> ReadAsync(string[] args)
    {
        ForeignMapping mapping = XenPlatform.Current.Grants.Map(ReadGrants().Pages, GrantAccess.ReadOnly);
        byte* page = (byte*)mapping.Address;
        Console.WriteLine($"holds {page[0]}");
        Console.WriteLine($"system call: {Native.GetRandom((nint)page, 1, 0)}, errno {Marshal.GetLastPInvokeError()}");
        Console.WriteLine($"mprotect: {Native.Protect((nint)page, 4096, 3)}, errno {Marshal.GetLastPInvokeError()}");
        page[0] = 2;
        Console.WriteLine("written");
        return Task.FromResult(0);
    }

    /// <summary>Maps and unmaps many pages at once, again and again: more in all than the domain could, if something stayed behind.</summary>
    internal static Task<int> RepeatAsync(string[] args)
    {
        ForeignGrant[] pages = ReadGrants().Pages;
        GrantTable grants = XenPlatform.Current.Grants;
        int found = 0;
        for (int i = 0; i < 50; i++)
        {
            using ForeignMapping mapping = grants.Map(pages, GrantAccess.ReadOnly);
            for (int page = 0; page < pages.Length; page++)
                found += mapping.GetReadOnlySpan()[page * SharedMemory.PageSize] == (byte)(page + 1) ? 1 : 0;
        }
        Console.WriteLine($"found {found}, {grants.GetStatistics().MappedPages} left");
        return Task.FromResult(0);
    }

    private static (ushort Peer, uint Port, ForeignGrant[] Pages) ReadGrants()
    {
        string[] input = ReadInput();
        ushort peer = ushort.Parse(input[0]);
        return (peer, uint.Parse(input[1]), [.. input[2..].Select(reference => new ForeignGrant(peer, uint.Parse(reference)))]);
    }

    private static string[] ReadInput()
    {
        Console.WriteLine("ready");
        return Console.ReadLine()!.Split(' ');
    }
}
