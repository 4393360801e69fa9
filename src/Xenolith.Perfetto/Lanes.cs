namespace Xenolith.Perfetto;

/// <summary>
/// Slices that overlap without lying in each other, as requests do: as many tracks of one name as there are slices at a time, each used again when
/// its slice has ended.
/// </summary>
internal sealed class Lanes(PacketWriter writer, Track parent, string name)
{
    private const int Most = 256; // at a time; what has no end any more must not fill the file with tracks

    private readonly Dictionary<ulong, Track> _busy = [];
    private readonly Stack<Track> _free = new();
    private int _count;

    /// <returns>False if there is no lane left.</returns>
    internal bool Begin(ulong key, string category, string title, Argument argument = default)
    {
        End(key); // its end was lost
        if (!_free.TryPop(out Track? track))
        {
            if (_count == Most)
                return false;
            _count++;
            track = writer.AddTrack(parent, name);
        }
        _busy.Add(key, track);
        return writer.Begin(track, key, category, title, argument);
    }

    /// <returns>False if nothing of that key is under way.</returns>
    internal bool End(ulong key, Argument argument = default)
    {
        if (!_busy.Remove(key, out Track? track))
            return false;
        _free.Push(track);
        return writer.End(track, key, argument);
    }

    /// <summary>Everything that is under way has been ended, because nobody knows what became of it.</summary>
    internal void Forget()
    {
        foreach (Track track in _busy.Values)
            _free.Push(track);
        _busy.Clear();
    }
}
