// Who may do what with a node: its owner, a default for the rest, and exceptions by domain (Xen: docs/misc/xenstore.txt, SET_PERMS).

using System.Globalization;

namespace Xenolith.Xenstore;

/// <summary>What a domain may do with a node.</summary>
[Flags]
public enum XenstoreAccess
{
    /// <summary>Nothing; <c>n</c> on the wire.</summary>
    None = 0,

    /// <summary>Read value, children and permissions; <c>r</c>.</summary>
    Read = 1,

    /// <summary>Write the value, make and remove children; <c>w</c>.</summary>
    Write = 2,

    /// <summary>Both; <c>b</c>.</summary>
    ReadWrite = Read | Write,
}

/// <summary>An entry of a node's permissions, <c>r7</c> for example on the wire.</summary>
/// <param name="DomainId">A domain's number, 0 to 65535.</param>
/// <param name="Access">What it may do.</param>
public readonly record struct XenstorePermission(ushort DomainId, XenstoreAccess Access)
{
    /// <summary>Reads the wire's form: one of n, r, w, b and a decimal number without sign or space.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out XenstorePermission permission)
    {
        permission = default;
        if (text.Length < 2 || !ushort.TryParse(text[1..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort domain))
            return false;
        XenstoreAccess? access = text[0] switch
        {
            'n' => XenstoreAccess.None,
            'r' => XenstoreAccess.Read,
            'w' => XenstoreAccess.Write,
            'b' => XenstoreAccess.ReadWrite,
            _ => null,
        };
        permission = new XenstorePermission(domain, access.GetValueOrDefault());
        return access is not null;
    }

    /// <summary>The wire's form.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{"nrwb"[(int)Access & 3]}{DomainId}");
}

/// <summary>
/// Permissions of a node: the owner, who may always do everything, what domains without an entry may do, and entries of single domains. Immutable.
/// </summary>
public sealed class XenstorePermissions : IEquatable<XenstorePermissions>
{
    private readonly XenstorePermission[] _entries;

    /// <summary>Describes permissions.</summary>
    /// <param name="owner">The domain that owns the node and is charged for it.</param>
    /// <param name="others">What domains without an entry may do.</param>
    /// <param name="entries">Exceptions, the first of a domain counting.</param>
    public XenstorePermissions(int owner, XenstoreAccess others, params ReadOnlySpan<XenstorePermission> entries)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(owner);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(owner, ushort.MaxValue);
        _entries = [new XenstorePermission((ushort)owner, others), .. entries];
    }

    private XenstorePermissions(XenstorePermission[] entries) => _entries = entries;

    /// <summary>The domain that owns the node.</summary>
    public int Owner => _entries[0].DomainId;

    /// <summary>What domains without an entry may do.</summary>
    public XenstoreAccess Others => _entries[0].Access;

    /// <summary>Exceptions by domain.</summary>
    public ReadOnlySpan<XenstorePermission> Entries => _entries.AsSpan(1);

    /// <summary>As they go over the wire: the first holds <see cref="Owner"/> and <see cref="Others"/>.</summary>
    public ReadOnlySpan<XenstorePermission> WireEntries => _entries;

    /// <summary>What a domain may do, by these permissions alone (domain 0 may always do everything).</summary>
    public XenstoreAccess For(int domainId)
    {
        if (domainId == Owner)
            return XenstoreAccess.ReadWrite;
        foreach (XenstorePermission entry in Entries)
        {
            if (entry.DomainId == domainId)
                return entry.Access;
        }

        return Others;
    }

    /// <summary>The permissions that entries from the wire mean; <see langword="null"/> if there is none.</summary>
    public static XenstorePermissions? FromWire(params ReadOnlySpan<XenstorePermission> entries) => entries.IsEmpty ? null : new(entries.ToArray());

    /// <inheritdoc/>
    public bool Equals(XenstorePermissions? other) => other is not null && _entries.AsSpan().SequenceEqual(other._entries);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as XenstorePermissions);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (XenstorePermission entry in _entries)
            hash.Add(entry);
        return hash.ToHashCode();
    }

    /// <summary>The wire's form with commas, for example <c>n0,r7</c>.</summary>
    public override string ToString() => string.Join(',', _entries);
}
