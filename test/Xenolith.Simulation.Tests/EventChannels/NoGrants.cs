using Xenolith.Abi;
using Xenolith.Grants;

namespace Xenolith.Tests.EventChannels;

/// <summary>A place without grants, for tests of events alone.</summary>
internal class NoGrants : GrantOperations
{
    public override GrantTableSize GetSize() => default;

    public override GrantTableSize Grow() => default;

    public override nint AllocatePages(int count) => 0;

    public override XenError FreePages(nint address, int count) => XenError.NotSupported;

    public override void Grant(Span<GrantAccessRequest> requests) => throw new NotSupportedException();

    public override void End(ReadOnlySpan<uint> references, Span<XenError> results) => throw new NotSupportedException();

    public override XenError Map(Span<GrantMapRequest> requests, bool readOnly, out nint address) => throw new NotSupportedException();

    public override XenError Unmap(nint address, int count) => XenError.NotSupported;

    public override XenError SetUnmapNotification(nint address, long clearOffset, uint? notifyPort) => XenError.NotSupported;

    public override void Copy(Span<GrantCopyRequest> requests) => throw new NotSupportedException();
}
