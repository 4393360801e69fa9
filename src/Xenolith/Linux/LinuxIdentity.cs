using System.Globalization;
using System.Runtime.Intrinsics.X86;
using Xenolith.Abi;

namespace Xenolith.Linux;

/// <summary>Which domain of Xen this Linux is, and of which kind.</summary>
internal sealed class LinuxIdentity
{
    private const int NoNumber = -1;
    private const string FeatureFile = "/sys/hypervisor/properties/features";

    private readonly Lazy<uint> _features;
    private volatile Lazy<ushort?> _domainId;
    private volatile int _number; // as Xen told it; NoNumber if it does not

    internal LinuxIdentity()
        : this(ReadFeatures)
    {
    }

    internal LinuxIdentity(Func<uint> readFeatures)
    {
        _features = new(readFeatures);
        _domainId = Ask();
        _number = AskXen() ?? NoNumber;
    }

    /// <summary>The domain's number, as long as it has it; <see langword="null"/> in a PV domU.</summary>
    internal ushort? DomainId => _domainId.Value;

    /// <summary>Whether Xen translates the domain's addresses, as in every domain but a PV one.</summary>
    internal bool IsTranslated => Has(XenFeature.AutoTranslatedPhysmap);

    /// <summary>
    /// Whether the domain has another number than it had at the last <see cref="Renew"/>: it was resumed, and the news of that is still to come.
    /// False says little: it may have the same number again. A few microseconds.
    /// </summary>
    internal bool HasAnotherNumber => _number != NoNumber && AskXen() != _number;

    /// <summary>The domain was resumed, and may have another number.</summary>
    internal void Renew()
    {
        _domainId = Ask();
        _number = AskXen() ?? NoNumber;
    }

    private Lazy<ushort?> Ask() => new(() => AskXen() ?? (Has(XenFeature.Dom0) ? (ushort)0 : null));

    private bool Has(int feature) => (_features.Value & (1u << feature)) != 0;

    private static uint ReadFeatures() =>
        File.Exists(FeatureFile)
        && uint.TryParse(File.ReadAllText(FeatureFile).AsSpan().Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint features)
            ? features
            : 0;

    /// <summary>CPUID, which Xen answers in every domain but a PV one.</summary>
    private static ushort? AskXen()
    {
        if (!X86Base.IsSupported)
            return null;
        for (uint leaf = CpuidLeaves.FirstLeaf; leaf < CpuidLeaves.LastBase; leaf += CpuidLeaves.BaseStep)
        {
            if (Query(leaf) is not (_, CpuidLeaves.SignatureEbx, CpuidLeaves.SignatureEcx, CpuidLeaves.SignatureEdx))
                continue;
            (uint flags, _, uint domain, _) = Query(leaf + CpuidLeaves.Hvm);
            return (flags & CpuidLeaves.HvmDomidPresent) != 0 ? (ushort)domain : null;
        }
        return null;

        static (uint Eax, uint Ebx, uint Ecx, uint Edx) Query(uint leaf)
        {
            (int eax, int ebx, int ecx, int edx) = X86Base.CpuId((int)leaf, 0);
            return ((uint)eax, (uint)ebx, (uint)ecx, (uint)edx);
        }
    }
}
