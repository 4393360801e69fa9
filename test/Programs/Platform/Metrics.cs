using System.Diagnostics.Metrics;
using Xenolith;
using Xenolith.Abi;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Metrics;

namespace PlatformScenarios;

/// <summary>The platform's metrics, as a listener gets them.</summary>
internal static class Metrics
{
    /// <summary>Does a known number of things, and prints every figure of the platform and what the runtime says of its heap.</summary>
    internal static async Task<int> ShowAsync(string[] args)
    {
        XenPlatform platform = XenPlatform.Current;
        ushort self = (ushort?)XenHost.TryGet()?.DomainId ?? DomainId.Self;
        using XenolithMeter meter = new(platform);
        SortedDictionary<string, double> values = new(StringComparer.Ordinal);
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, target) =>
        {
            if (instrument.Meter.Name == XenolithMeter.Name || instrument.Name.StartsWith("dotnet.gc.", StringComparison.Ordinal))
                target.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => values[Key(instrument, tags)] = value);
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => values[Key(instrument, tags)] = value);
        listener.Start();

        using EventChannel here = platform.EventChannels.AllocateUnbound(self), there = platform.EventChannels.BindInterdomain(self, here.Port);
        EventCount seen = here.Count;
        for (int i = 0; i < 25; i++)
        {
            there.Notify();
            seen = await here.WaitAsync(seen);
        }
        await using SharedPages shared = await platform.Grants.ShareAsync(self, 3, GrantAccess.ReadWrite);
        await platform.Xenstore.ReadAsync("name");
        await Task.Delay(300);
        GC.Collect();

        listener.RecordObservableInstruments();
        foreach ((string name, double value) in values)
            Console.WriteLine($"{name} {value:R}");
        return 0;
    }

    private static string Key(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        tags.Length == 0 ? instrument.Name : $"{instrument.Name}[{tags[0].Value}]";
}
