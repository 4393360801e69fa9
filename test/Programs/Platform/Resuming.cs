using System.Globalization;
using System.Runtime.CompilerServices;
using Xenolith;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Xenstore;

namespace PlatformScenarios;

/// <summary>
/// A process in a Linux domain that is saved, restored and migrated: it holds one of everything, and at each question, a change of data/question,
/// uses it all and tells in data/answer what worked. What was made before a resume it makes anew.
/// </summary>
internal static class Resuming
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Answers until it is asked for the end. Waits at first for data/peer: the domain and the reference of a page of another domain.
    /// </summary>
    internal static async Task<int> AnswerAsync(string[] args)
    {
        XenPlatform platform = XenPlatform.Current;
        XenstoreClient store = platform.Xenstore;
        string[] peer = (await store.WaitForValueAsync("data/peer", value => value is not null))!.Split(' ');
        ForeignGrant foreign = new(ushort.Parse(peer[0], CultureInfo.InvariantCulture), uint.Parse(peer[1], CultureInfo.InvariantCulture));
        await using XenstoreWatch questions = await store.WatchAsync("data/question");
        Held held = await Held.MakeAsync(platform, foreign);
        Generation generation = platform.Generation;
        string? answered = null;
        Console.WriteLine("working");
        while (true)
        {
            await questions.ReadAsync();
            string? question = await store.ReadAsync("data/question");
            if (question is null || question == answered)
                continue; // a new domain, or an event too many
            answered = question;
            string kind = question.Split('-')[0];
            if (kind == "resumed")
                await EndAsync(generation);
            int stale = 0, lost = 0;
            if (platform.Generation != generation)
            {
                generation = platform.Generation;
                (stale, lost) = await held.LoseAsync();
                held = await Held.MakeAsync(platform, null); // the other domain shares with a domain of another number
            }
            string does = await held.UseAsync();
            GrantStatistics grants = platform.Grants.GetStatistics();
            await store.WriteAsync("data/answer", string.Create(CultureInfo.InvariantCulture, $"{question} generation={generation.Number} domain={platform.DomainId} {does} stale={stale} lost={lost} ")
                + string.Create(CultureInfo.InvariantCulture, $"ports={platform.EventChannels.OpenCount} granted={grants.Granted} mapped={grants.MappedPages} descriptors={Directory.GetFiles("/proc/self/fd").Length}"));
            if (kind == "end")
                break;
        }
        await held.CloseAsync();
        Console.WriteLine($"left: {platform.EventChannels.OpenCount} ports, {platform.Grants.GetStatistics().Granted} grants, {platform.Grants.GetStatistics().MappedPages} mapped pages");
        return 0;
    }

    /// <summary>The question can be here before the news of the resume.</summary>
    private static async Task EndAsync(Generation generation)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = generation.Ended.Register(ended.SetResult);
        await ended.Task.WaitAsync(s_patience);
    }

    /// <summary>One of everything that a resume takes away.</summary>
    private sealed class Held(XenPlatform platform, EventChannel channel, EventChannel peer, SharedPages shared, ForeignMapping own, ForeignMapping? foreign, XenstoreTransaction transaction)
    {
        private Task<EventCount> _waiting = channel.WaitAsync(EventCount.None).AsTask();

        internal static async Task<Held> MakeAsync(XenPlatform platform, ForeignGrant? foreign)
        {
            ushort self = platform.DomainId!.Value;
            EventChannel channel = platform.EventChannels.AllocateUnbound(self);
            EventChannel peer = platform.EventChannels.BindInterdomain(self, channel.Port);
            SharedPages shared = await platform.Grants.ShareAsync(self, 1, GrantAccess.ReadWrite);
            ForeignMapping own = platform.Grants.Map(new ForeignGrant(self, shared.References[0]), GrantAccess.ReadWrite);
            ForeignMapping? mapping = foreign is { } page ? platform.Grants.Map(page, GrantAccess.ReadWrite) : null;
            return new Held(platform, channel, peer, shared, own, mapping, await platform.Xenstore.StartTransactionAsync());
        }

        /// <summary>Uses everything: NAME=1 for what worked.</summary>
        internal async Task<string> UseAsync()
        {
            peer.Notify();
            EventCount seen = await _waiting.WaitAsync(s_patience);
            _waiting = channel.WaitAsync(seen).AsTask();
            own.GetSpan()[1]++;
            bool isShared = shared.Pages.GetSpan()[1] == own.GetSpan()[1];
            int seenForeign = foreign?.GetSpan()[1] ?? 0;
            await transaction.WriteAsync("data/in-transaction", "1");
            return string.Create(CultureInfo.InvariantCulture, $"events=1 shared={(isShared ? 1 : 0)} foreign={seenForeign}");
        }

        /// <summary>What has become of it after a resume.</summary>
        /// <returns>How many say that they are stale, and how many lost their connection.</returns>
        internal async Task<(int Stale, int Lost)> LoseAsync()
        {
            int stale = 0, lost = 0;
            stale += await IsStaleAsync<StaleHandleException>(() => _waiting.WaitAsync(s_patience));
            stale += await IsStaleAsync<StaleHandleException>(() => Do(() => peer.Notify()));
            stale += await IsStaleAsync<StaleHandleException>(() => Do(() => own.GetSpan().Clear()));
            stale += await IsStaleAsync<StaleHandleException>(() => Do(() => shared.TryUnshare()));
            if (foreign is not null)
                stale += await IsStaleAsync<StaleHandleException>(() => Do(() => foreign.GetSpan().Clear()));
            lost += await IsStaleAsync<XenstoreDisconnectedException>(() => transaction.CommitAsync());
            await CloseAsync();
            return (stale, lost);
        }

        internal async Task CloseAsync()
        {
            foreign?.Unmap();
            own.Unmap();
            await shared.DisposeAsync();
            channel.Dispose();
            peer.Dispose();
            await transaction.DisposeAsync();
            try
            {
                await _waiting.WaitAsync(s_patience);
            }
            catch (Exception error) when (error is ObjectDisposedException or StaleHandleException)
            {
            }
            GC.KeepAlive(platform);
        }

        private static Task Do(Action action)
        {
            action();
            return Task.CompletedTask;
        }

        private static async Task<int> IsStaleAsync<T>(Func<Task> use, [CallerArgumentExpression(nameof(use))] string name = "")
            where T : Exception
        {
            try
            {
                await use();
                Console.WriteLine($"done, but should not be: {name}");
                return 0;
            }
            catch (T)
            {
                return 1;
            }
            catch (Exception error)
            {
                Console.WriteLine($"wrong: {name}: {error}");
                return 0;
            }
        }
    }
}
