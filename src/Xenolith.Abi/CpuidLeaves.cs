// How a guest finds out by CPUID that it runs on Xen (Xen: arch-x86/cpuid.h).

namespace Xenolith.Abi;

/// <summary>
/// Xen's CPUID leaves, counted from a base: the first multiple of 0x100 from <see cref="FirstLeaf"/> on that bears the signature
/// (another one than the first when another hypervisor's interface is offered as well).
/// </summary>
public static class CpuidLeaves
{
    /// <summary>Where the search for the base begins.</summary>
    public const uint FirstLeaf = 0x40000000;

    /// <summary>Distance from one possible base to the next.</summary>
    public const uint BaseStep = 0x100;

    /// <summary>The last possible base.</summary>
    public const uint LastBase = 0x40010000;

    /// <summary>EBX of the base leaf: "XenV".</summary>
    public const uint SignatureEbx = 0x566e6558;

    /// <summary>ECX of the base leaf: "MMXe".</summary>
    public const uint SignatureEcx = 0x65584d4d;

    /// <summary>EDX of the base leaf: "nVMM".</summary>
    public const uint SignatureEdx = 0x4d4d566e;

    /// <summary>Base + 0: EAX is the last leaf, EBX-EDX the signature.</summary>
    public const uint Signature = 0;

    /// <summary>Base + 1: EAX is the version, major in bits 31-16, minor in 15-0.</summary>
    public const uint Version = 1;

    /// <summary>Base + 2: EAX is the number of hypercall pages, EBX the MSR that takes the address of one (page number in bits 11-0).</summary>
    public const uint Hypercall = 2;

    /// <summary>
    /// Base + 3, sub-leaf 0: EAX has <see cref="TscEmulated"/> and others, ECX is the counter's frequency in kHz, EDX counts migrations.
    /// </summary>
    public const uint Time = 3;

    /// <summary>Base + 4: EAX has the features below, EBX the CPU number, ECX the domain number.</summary>
    public const uint Hvm = 4;

    /// <summary><see cref="Time"/>, EAX: RDTSC is emulated by Xen.</summary>
    public const uint TscEmulated = 1u << 0;

    /// <summary><see cref="Hvm"/>, EAX: virtualised APIC registers.</summary>
    public const uint HvmApicAccessVirt = 1u << 0;

    /// <summary><see cref="Hvm"/>, EAX: virtualised x2APIC.</summary>
    public const uint HvmX2ApicVirt = 1u << 1;

    /// <summary><see cref="Hvm"/>, EAX: EBX holds the virtual CPU's number.</summary>
    public const uint HvmVcpuIdPresent = 1u << 3;

    /// <summary><see cref="Hvm"/>, EAX: ECX holds the domain's number.</summary>
    public const uint HvmDomidPresent = 1u << 4;

    /// <summary><see cref="Hvm"/>, EAX: per-CPU upcall vectors work with physical interrupts.</summary>
    public const uint HvmUpcallVector = 1u << 6;
}
