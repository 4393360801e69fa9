namespace Xenolith;

/// <summary>
/// The time between two resumes of the domain. Every port, grant and mapping belongs to the generation in which it was made and is worth nothing in
/// the next.
/// </summary>
/// <remarks>
/// What must outlive a resume is a loop:
/// <code>
/// while (!stop.IsCancellationRequested)
/// {
///     Generation generation = platform.Generation;
///     using var both = CancellationTokenSource.CreateLinkedTokenSource(stop, generation.Ended);
///     try { await ConnectAndServeAsync(both.Token); }
///     catch (StaleHandleException) { }
///     catch (OperationCanceledException) when (generation.IsOver) { }
/// }
/// </code>
/// </remarks>
public sealed class Generation
{
    private readonly CancellationTokenSource _ended = new();

    internal Generation(int number) => Number = number;

    /// <summary>0 from the start of the program, one more after each resume.</summary>
    public int Number { get; }

    /// <summary>Cancelled when the domain has been resumed. At that moment <see cref="XenPlatform.Generation"/> is the next one already.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>True when the domain has been resumed since.</summary>
    public bool IsOver => _ended.IsCancellationRequested;

    /// <summary>Never throws: what a callback of <see cref="Ended"/> throws is its own affair and must not stop the resume.</summary>
    internal void End()
    {
        try
        {
            _ended.Cancel();
        }
        catch (AggregateException)
        {
            // The other callbacks have run all the same.
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"generation {Number}";
}
