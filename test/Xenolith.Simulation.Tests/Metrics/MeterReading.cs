using System.Diagnostics.Metrics;

namespace Xenolith.Tests.Metrics;

/// <summary>All that one platform's meter says at a moment: values by the instrument's name, with its tag's value in brackets.</summary>
internal sealed class MeterReading : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, double> _values = [];

    internal MeterReading(Func<Meter, bool> wanted)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (!wanted(instrument.Meter))
                return;
            Instruments.Add(instrument);
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    internal List<Instrument> Instruments { get; } = [];

    /// <summary>Asks every instrument anew.</summary>
    internal Dictionary<string, double> Read()
    {
        _values.Clear();
        _listener.RecordObservableInstruments();
        return new(_values);
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _values.Add(tags.Length == 0 ? instrument.Name : $"{instrument.Name}[{tags[0].Value}]", value);
}
