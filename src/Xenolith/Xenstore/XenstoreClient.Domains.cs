// What toolstacks ask of xenstored: domains, features, quotas, control commands (Xen: docs/misc/xenstore.txt, "Domain management ...").

using System.Text;
using Xenolith.Abi;

namespace Xenolith.Xenstore;

/// <summary>What xenstored offers to a domain beyond the basic protocol (<c>XENSTORE_SERVER_FEATURE_*</c>).</summary>
[Flags]
public enum XenstoreFeatures : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The domain may have its ring reset.</summary>
    Reconnection = XenstoreServerFeature.Reconnection,

    /// <summary>The ring tells why xenstored gave up on it.</summary>
    Error = XenstoreServerFeature.Error,

    /// <summary>Watches may have a depth.</summary>
    WatchDepth = XenstoreServerFeature.WatchDepth,

    /// <summary>Permissions may name all domains.</summary>
    AnyDomain = XenstoreServerFeature.AnyDomain,
}

public sealed partial class XenstoreClient
{
    /// <summary>The home path of a domain, <c>/local/domain/N</c>; xenstored answers for any number.</summary>
    public async Task<string> GetDomainPathAsync(int domainId, CancellationToken cancellationToken = default)
    {
        XenstoreRequest request = MakeForDomain(XenstoreMessageType.GetDomainPath, domainId);
        return ReadText(await RequestAsync(request, cancellationToken));
    }

    /// <summary>Whether xenstored talks to a domain. Privileged domains only.</summary>
    public async Task<bool> IsIntroducedAsync(int domainId, CancellationToken cancellationToken = default)
    {
        XenstoreRequest request = MakeForDomain(XenstoreMessageType.IsDomainIntroduced, domainId);
        return ReadText(await RequestAsync(request, cancellationToken)) switch
        {
            "T" => true,
            "F" => false,
            _ => throw Malformed(request),
        };
    }

    /// <summary>Tells xenstored of a new domain, so that it serves it. Privileged domains only.</summary>
    /// <param name="domainId">The domain, not 0.</param>
    /// <param name="guestFrame">Frame number of the domain's xenstore page.</param>
    /// <param name="port">The domain's unbound event channel for xenstore.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task IntroduceAsync(int domainId, long guestFrame, uint port, CancellationToken cancellationToken = default) => RequestAsync(
        MakeForDomain(XenstoreMessageType.Introduce, domainId, XenstoreRequest.Number(guestFrame), XenstoreRequest.Number(port)), cancellationToken);

    /// <summary>Tells xenstored to stop serving a domain. Privileged domains only.</summary>
    public Task ReleaseAsync(int domainId, CancellationToken cancellationToken = default) =>
        RequestAsync(MakeForDomain(XenstoreMessageType.Release, domainId), cancellationToken);

    /// <summary>
    /// Tells xenstored that a domain which had shut down (to be suspended) goes on, so that its next shutdown is told to watches of
    /// <see cref="XenstorePath.ReleaseDomain"/> again. Privileged domains only.
    /// </summary>
    public Task ResumeAsync(int domainId, CancellationToken cancellationToken = default) =>
        RequestAsync(MakeForDomain(XenstoreMessageType.Resume, domainId), cancellationToken);

    /// <summary>Gives a domain the rights of another, as a device model's domain has those of its guest. Privileged domains only.</summary>
    /// <param name="domainId">The domain that gets the rights.</param>
    /// <param name="targetDomainId">The domain whose rights they are.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task SetTargetAsync(int domainId, int targetDomainId, CancellationToken cancellationToken = default) =>
        RequestAsync(MakeForDomain(XenstoreMessageType.SetTarget, domainId, Domain(targetDomainId)), cancellationToken);

    /// <summary>
    /// Sends a control command to the daemon, for example <c>help</c> or <c>print</c>. Privileged domains only; commands differ between daemons.
    /// </summary>
    /// <returns>What the daemon answers.</returns>
    public async Task<string> ControlAsync(string command, IReadOnlyList<string>? arguments = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(command);
        XenstoreRequest request = XenstoreRequest.ForArguments(XenstoreMessageType.Control, 0, 0, null, [command, .. arguments ?? []]);
        return ReadText(await RequestAsync(request, cancellationToken));
    }

    /// <summary>The features offered to a domain.</summary>
    /// <param name="domainId">A domain (privileged domains only); <see langword="null"/>: the caller's.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="null"/> if the daemon has no such request (before Xen 4.22).</returns>
    public async Task<XenstoreFeatures?> GetFeaturesAsync(int? domainId = null, CancellationToken cancellationToken = default)
    {
        XenstoreRequest request = domainId is int id
            ? MakeForDomain(XenstoreMessageType.GetFeature, id)
            : XenstoreRequest.ForArguments(XenstoreMessageType.GetFeature, 0, 0, null);
        return await RequestOrNullAsync(request, cancellationToken, XenstoreError.ENOSYS) is XenstoreMessage reply
            ? (XenstoreFeatures)(uint)ReadNumber(request, reply)
            : null;
    }

    /// <summary>Sets the features to be offered to a domain that is not introduced yet. Privileged domains only.</summary>
    /// <returns>False if the daemon has no such request (before Xen 4.22).</returns>
    public async Task<bool> SetFeaturesAsync(int domainId, XenstoreFeatures features, CancellationToken cancellationToken = default)
    {
        XenstoreRequest request = MakeForDomain(XenstoreMessageType.SetFeature, domainId, XenstoreRequest.Number((uint)features));
        return await RequestOrNullAsync(request, cancellationToken, XenstoreError.ENOSYS) is not null;
    }

    /// <summary>Names of the quotas that the daemon has, for example <c>nodes</c> and <c>watches</c>. Privileged domains only.</summary>
    /// <returns><see langword="null"/> if the daemon has no such request (before Xen 4.22).</returns>
    public async Task<IReadOnlyList<string>?> GetQuotaNamesAsync(CancellationToken cancellationToken = default)
    {
        XenstoreRequest request = XenstoreRequest.ForArguments(XenstoreMessageType.GetQuota, 0, 0, null);
        return await RequestOrNullAsync(request, cancellationToken, XenstoreError.ENOSYS) is XenstoreMessage reply
            ? ReadText(reply).Split(' ', StringSplitOptions.RemoveEmptyEntries)
            : null;
    }

    /// <summary>A quota's value; 0: unlimited. Privileged domains only.</summary>
    /// <param name="name">One of <see cref="GetQuotaNamesAsync"/>.</param>
    /// <param name="domainId">A domain; <see langword="null"/>: what new domains get.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="null"/> if the daemon has no such request (before Xen 4.22).</returns>
    public async Task<uint?> GetQuotaAsync(string name, int? domainId = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        XenstoreRequest request = domainId is int id
            ? MakeForDomain(XenstoreMessageType.GetQuota, id, name)
            : XenstoreRequest.ForArguments(XenstoreMessageType.GetQuota, 0, 0, null, name);
        return await RequestOrNullAsync(request, cancellationToken, XenstoreError.ENOSYS) is XenstoreMessage reply
            ? ReadNumber(request, reply)
            : null;
    }

    /// <summary>Sets a quota. Privileged domains only.</summary>
    /// <param name="name">One of <see cref="GetQuotaNamesAsync"/>.</param>
    /// <param name="value">The new value; 0: unlimited.</param>
    /// <param name="domainId">A domain; <see langword="null"/>: what new domains get.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False if the daemon has no such request (before Xen 4.22).</returns>
    public async Task<bool> SetQuotaAsync(string name, uint value, int? domainId = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        XenstoreRequest request = domainId is int id
            ? MakeForDomain(XenstoreMessageType.SetQuota, id, name, XenstoreRequest.Number(value))
            : XenstoreRequest.ForArguments(XenstoreMessageType.SetQuota, 0, 0, null, name, XenstoreRequest.Number(value));
        return await RequestOrNullAsync(request, cancellationToken, XenstoreError.ENOSYS) is not null;
    }

    private static XenstoreRequest MakeForDomain(XenstoreMessageType type, int domainId, params ReadOnlySpan<string> arguments) =>
        XenstoreRequest.ForArguments(type, 0, 0, null, [Domain(domainId), .. arguments]);

    private static string Domain(int domainId)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(domainId);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(domainId, DomainId.FirstReserved);
        return XenstoreRequest.Number(domainId);
    }

    /// <summary>A reply's text up to its NUL, if it has one.</summary>
    private static string ReadText(in XenstoreMessage reply)
    {
        XenstorePayloadReader reader = new(reply.Payload.Span);
        reader.TryReadLastString(out ReadOnlySpan<byte> text);
        return Encoding.UTF8.GetString(text);
    }

    private uint ReadNumber(XenstoreRequest request, in XenstoreMessage reply)
    {
        XenstorePayloadReader reader = new(reply.Payload.Span);
        return reader.TryReadLastString(out ReadOnlySpan<byte> text)
            && XenstorePayloadReader.TryParseNumber(text, out ulong number)
            && number <= uint.MaxValue ? (uint)number : throw Malformed(request);
    }
}
