// What the boot code noted before there was C#: the time of entry, and the CPUID leaves that it had to read anyway.
// Each CPUID is a VM exit, so nothing is asked twice.
using System.Runtime.InteropServices;

namespace Xenolith.Kernel.Boot;

[StructLayout(LayoutKind.Sequential)]
internal struct BootRecord
{
    internal ulong EntryTimestamp;
    internal uint ExtendedEcx, ExtendedEdx; // leaf 0x80000001
    internal uint FeaturesEbx;              // leaf 7
    internal uint BasicEcx, BasicEdx;       // leaf 1
}
