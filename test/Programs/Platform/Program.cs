// What the tests on Xen ask of the platform API: the first argument names a scenario, the others are its own.
using PlatformScenarios;

Dictionary<string, Func<string[], Task<int>>> scenarios = new()
{
    ["host"] = Host.ShowAsync,
    ["paths"] = Host.ShowPathsAsync,
    ["pages"] = Pages.ShowAsync,
    ["share"] = Grants.ShareAsync,
    ["use"] = Grants.UseAsync,
    ["read"] = Grants.ReadAsync,
    ["repeat"] = Grants.RepeatAsync,
    ["events-many"] = Events.ManyAsync,
    ["events-exhaust"] = Events.ExhaustAsync,
    ["events-refused-interrupts"] = Events.RefusedInterruptsAsync,
    ["events-adopt"] = Events.AdoptAsync,
    ["events-flood"] = Events.FloodAsync,
    ["xenstore-list"] = Xenstore.ListAsync,
    ["xenstore-exit"] = Xenstore.ExitAsync,
    ["xenstore-wait"] = Xenstore.WaitAsync,
    ["obey"] = Ending.ObeyAsync,
    ["listen"] = Ending.ListenAsync,
    ["end"] = Ending.EndAsync,
    ["memory"] = Memory.ShowAsync,
    ["memory-follow"] = Memory.FollowAsync,
    ["memory-trim"] = Memory.TrimAsync,
    ["memory-trim-tables"] = Memory.TrimTablesAsync,
    ["memory-cost"] = Memory.CostAsync,
    ["memory-fill"] = LargeMemory.FillAsync,
    ["balloon"] = Balloon.FollowAsync,
    ["metrics"] = Metrics.ShowAsync,
    ["trace"] = Tracing.ShowAsync,
    ["trace-follow"] = Tracing.FollowAsync,
    ["trace-cost"] = Tracing.CostAsync,
    ["trace-listen"] = Tracing.ListenAsync,
    ["trace-travel"] = TravelTracing.TravelAsync,
    ["trace-serve"] = RemoteTracing.ServeAsync,
    ["time-monotonic"] = Time.MonotonicAsync,
    ["time-wall"] = Time.WallClockAsync,
    ["time-delays"] = Time.DelaysAsync,
    ["time-timers"] = Time.TimersAsync,
    ["time-precise"] = Time.PreciseAsync,
    ["scheduling-idle"] = Scheduling.IdleAsync,
    ["scheduling-storm"] = Scheduling.StormAsync,
    ["scheduling-dodge"] = Scheduling.DodgeAsync,
    ["random"] = Time.RandomAsync,
    ["hooks-turns"] = Hooks.TurnsAsync,
    ["hooks-exit"] = Hooks.ExitAsync,
    ["console-echo"] = Consoles.EchoAsync,
    ["console-talk"] = Consoles.TalkAsync,
    ["console-break"] = Consoles.BreakAsync,
    ["console-read"] = Consoles.ReadToEndAsync,
    ["suspend-handles"] = Suspending.HandlesAsync,
    ["suspend-hooks"] = Suspending.HooksAsync,
    ["suspend-input"] = Suspending.InputAsync,
    ["resume"] = Resuming.AnswerAsync,
};

if (args is not [string name, .. string[] rest] || !scenarios.TryGetValue(name, out Func<string[], Task<int>>? scenario))
{
    Console.Error.WriteLine($"Name one of: {string.Join(' ', scenarios.Keys)}");
    return 2;
}
return await scenario(rest);
