namespace Xenolith.Grants;

/// <summary>
/// A number of references of this domain's grant table, reserved by one owner, each of which grants one page at a time to another domain.
/// </summary>
/// <remarks>
/// Safe from any thread, though one reference must not be granted and ended at the same time. Neither <see cref="Grant"/> nor <see cref="TryEnd"/>
/// allocates. Disposing ends what is granted; a reference whose page the other domain has still mapped goes to the background, which tries again
/// until it succeeds, and the page with it.
/// </remarks>
public sealed class GrantReferences : IDisposable, IAsyncDisposable
{
    private const uint NoNumber = uint.MaxValue; // Xen has no such reference

    private readonly uint[] _references;
    private readonly uint[] _numbers; // the same, but where the place numbers its grants

    internal GrantReferences(GrantTable table, uint[] references, Generation generation)
    {
        Table = table;
        _references = _numbers = references;
        Generation = generation;
        if (table.Operations.NumbersGrants)
        {
            _numbers = new uint[references.Length];
            Array.Fill(_numbers, NoNumber);
        }
    }

    /// <summary>How many.</summary>
    public int Count => _references.Length;

    /// <summary>The generation in which they were reserved; not valid in a later one.</summary>
    public Generation Generation { get; }

    /// <summary>The number that the other domain needs. In a Linux process it is known, and the same, only while a page is granted.</summary>
    public uint this[int index] => _numbers[index];

    internal GrantTable Table { get; }

    internal ReadOnlySpan<uint> All => _references;

    internal ReadOnlySpan<uint> Numbers => _numbers;

    internal bool IsDisposed { get; set; }

    /// <summary>Lets another domain use a page of this one, until the grant has ended.</summary>
    /// <param name="index">Which reference; it grants nothing now.</param>
    /// <param name="domain">The domain that gets access.</param>
    /// <param name="pages">Whose page. They stay allocated while it is granted.</param>
    /// <param name="page">Index of the page.</param>
    /// <param name="access">What the other domain may do.</param>
    /// <exception cref="InvalidOperationException">The reference grants a page already.</exception>
    /// <exception cref="StaleHandleException">The domain was resumed since the references were reserved.</exception>
    /// <exception cref="XenException">The kernel refused.</exception>
    public void Grant(int index, ushort domain, IoPages pages, int page, GrantAccess access) =>
        _numbers[index] = Table.Grant(this, _references[index], domain, pages, page, access);

    /// <summary>Ends a grant if the other domain has the page not mapped. A reference that grants nothing counts as ended.</summary>
    /// <exception cref="StaleHandleException">The domain was resumed since the references were reserved.</exception>
    public EndGrantResult TryEnd(int index)
    {
        EndGrantResult result = Table.TryEnd(this, _references[index]);
        if (result == EndGrantResult.Ended && _numbers != _references)
            _numbers[index] = NoNumber;
        return result;
    }

    /// <summary>Ends all grants if it can.</summary>
    /// <returns>How many are busy and therefore stay.</returns>
    public int TryEndAll()
    {
        int busy = 0;
        for (int index = 0; index < Count; index++)
            busy += TryEnd(index) == EndGrantResult.Busy ? 1 : 0;
        return busy;
    }

    /// <summary>Ends all grants and gives the references back, those that are busy as soon as they are not. Does not wait.</summary>
    public void Dispose() => Table.Return(this);

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }
}
