using Xenolith;
using Xenolith.EventChannels;
using Xenolith.Hooks;

namespace PlatformScenarios;

/// <summary>Hooks around the wait for events and at the end of the program.</summary>
internal static class Hooks
{
    /// <summary>Counts turns of the dispatcher's loop.</summary>
    internal static async Task<int> TurnsAsync(string[] args)
    {
        XenPlatform platform = XenPlatform.Current;
        using EventChannel channel = platform.EventChannels.BindIpi();
        List<string> log = []; // written by the dispatcher's thread alone while the hooks are there
        using SemaphoreSlim waits = new(0);
        IDisposable wake = platform.Hooks.OnAfterWake(ports => log.Add($"woke, {ports} fired, {channel.Count.Value} handed out"));
        IDisposable wait = platform.Hooks.OnBeforeWait(() =>
        {
            log.Add($"waits, {channel.Count.Value} handed out");
            waits.Release();
        });
        for (int i = 0; i < 3; i++)
        {
            channel.Notify();
            await waits.WaitAsync();
        }
        wake.Dispose();
        wait.Dispose();
        EventCount seen = channel.Count;
        channel.Notify();
        await channel.WaitAsync(seen);
        log.ForEach(Console.WriteLine);
        return 0;
    }

    /// <summary>Ends the program in the way that is named, with hooks that tell of themselves.</summary>
    internal static async Task<int> ExitAsync(string[] args)
    {
        PlatformHooks hooks = XenPlatform.Current.Hooks;
        hooks.AtExit(_ => Say("first registered"));
        hooks.AtExit(async _ =>
        {
            await Task.Delay(50);
            await Say("second registered");
        });
        hooks.AtExit(_ => throw new InvalidOperationException("no"), "third");
        switch (args[0])
        {
            case "exit":
                Environment.Exit(7);
                break;
            case "dispose":
                await XenPlatform.Current.DisposeAsync();
                Console.WriteLine("disposed of");
                break;
            case "slow":
                hooks.ExitOptions = new ExitHookOptions { HookLimit = TimeSpan.FromMilliseconds(300), Grace = TimeSpan.FromMilliseconds(200) };
                hooks.AtExit(timeUp => new ValueTask(Task.Delay(Timeout.Infinite, timeUp)), "heeds");
                hooks.AtExit(
                    _ =>
                    {
                        Thread.Sleep(Timeout.Infinite);
                        return default;
                    },
                    "blocks");
                break;
            case "crash":
                throw new InvalidOperationException("the end");
        }
        Console.WriteLine("Main returns");
        return 3;
    }

    private static ValueTask Say(string what)
    {
        Console.WriteLine(what);
        return default;
    }
}
