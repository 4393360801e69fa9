using Xenolith.Abi;
using Xenolith.Grants;

namespace Xenolith.Unikernel;

/// <summary>Grants through the kernel, which has the table, knows every page that it granted and checks every argument.</summary>
internal sealed unsafe class UnikernelGrants : GrantOperations
{
    private const uint NoPort = uint.MaxValue;

    public override GrantTableSize GetSize()
    {
        GrantTableSize size = default;
        _ = NativeMethods.GrantTableSize(&size);
        return size;
    }

    public override GrantTableSize Grow()
    {
        GrantTableSize size = default;
        return NativeMethods.GrantTableGrow(&size) == 0 ? size : GetSize();
    }

    public override nint AllocatePages(int count) => NativeMethods.PageAllocate(count);

    public override XenError FreePages(nint address, int count) => (XenError)(-NativeMethods.PageFree(address, count));

    public override void Grant(Span<GrantAccessRequest> requests)
    {
        fixed (GrantAccessRequest* first = requests)
        {
            int result = NativeMethods.GrantAccess(first, requests.Length);
            if (result == 0)
                return;
            foreach (ref GrantAccessRequest request in requests)
                request.Result = result; // refused as a whole
        }
    }

    public override void End(ReadOnlySpan<uint> references, Span<XenError> results)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(results.Length, references.Length);
        fixed (uint* first = references)
        fixed (XenError* errors = results)
        {
            int result = NativeMethods.GrantEnd(first, (int*)errors, references.Length);
            for (int i = 0; i < references.Length; i++)
                errors[i] = (XenError)(-(result == 0 ? (int)errors[i] : result));
        }
    }

    public override XenError Map(Span<GrantMapRequest> requests, bool readOnly, out nint address)
    {
        nint mapped = 0;
        fixed (GrantMapRequest* first = requests)
        {
            int result = NativeMethods.GrantMap(first, requests.Length, readOnly ? GrantFlag.ReadOnly : 0u, &mapped);
            address = mapped;
            return (XenError)(-result);
        }
    }

    public override XenError Unmap(nint address, int count) => (XenError)(-NativeMethods.GrantUnmap(address, count));

    public override XenError SetUnmapNotification(nint address, long clearOffset, uint? notifyPort) =>
        (XenError)(-NativeMethods.GrantUnmapNotify(address, clearOffset, notifyPort ?? NoPort));

    public override long ResumeCount => NativeMethods.ResumeCount();

    public override void Copy(Span<GrantCopyRequest> requests)
    {
        fixed (GrantCopyRequest* first = requests)
        {
            if (NativeMethods.GrantCopy(first, requests.Length) == 0)
                return;
            foreach (ref GrantCopyRequest request in requests)
                request.Result = GrantStatus.GeneralError; // refused as a whole
        }
    }
}
