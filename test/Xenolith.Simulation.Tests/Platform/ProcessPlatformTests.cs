using System.Runtime.InteropServices;
using Xenolith.Abi;
using Xenolith.Grants;
using Xenolith.Simulation;

namespace Xenolith.Tests.Platform;

/// <summary>What the library does where the program is a process: of a Linux domain, or without Xen.</summary>
public class ProcessPlatformTests
{
    [Fact]
    public void Without_Xen_the_platform_says_each_way_to_one()
    {
        Assert.False(XenPlatform.IsSupported);
        string message = Assert.Throws<PlatformNotSupportedException>(() => XenPlatform.Current).Message;
        Assert.Contains("xenolith run", message);
        Assert.Contains("modprobe -a xen-evtchn xen-gntdev xen-gntalloc", message);
        Assert.Contains("Xenolith.Simulation", message);
    }

    [Fact]
    public async Task The_toolstack_asks_nothing_of_a_process_and_that_is_said_at_once()
    {
        await using ProcessPlatform platform = new();
        Assert.Contains("SIGTERM", Assert.Throws<PlatformNotSupportedException>(() => platform.Lifecycle.RequestsAsync()).Message);
        await Assert.ThrowsAsync<PlatformNotSupportedException>(async () => await platform.Lifecycle.WaitForRequestAsync());
    }

    [Fact]
    public async Task A_process_cannot_end_its_domain()
    {
        await using ProcessPlatform platform = new();
        Assert.Throws<PlatformNotSupportedException>(() => platform.Lifecycle.SetExitReason(ShutdownReason.Reboot));
        await Assert.ThrowsAsync<PlatformNotSupportedException>(() => platform.Lifecycle.PowerOffAsync());
    }

    [Fact]
    public async Task Where_the_place_numbers_its_grants_a_reference_has_a_number_only_while_it_grants()
    {
        await using ProcessPlatform platform = new(new NumberingGrants());
        using IoPages pages = platform.Grants.AllocatePages(1);
        using GrantReferences references = await platform.Grants.ReserveAsync(2);
        Assert.Equal(uint.MaxValue, references[0]);
        references.Grant(0, 5, pages, 0, GrantAccess.ReadOnly);
        Assert.Equal(1001u, references[0]);
        Assert.Equal(uint.MaxValue, references[1]);
        Assert.Equal(EndGrantResult.Ended, references.TryEnd(0));
        Assert.Equal(uint.MaxValue, references[0]);
        references.Grant(0, 5, pages, 0, GrantAccess.ReadOnly);
        Assert.Equal(1002u, references[0]); // another number for the same reference
    }

    [Fact]
    public async Task Where_the_place_numbers_its_grants_shared_pages_tell_those_numbers()
    {
        await using ProcessPlatform platform = new(new NumberingGrants());
        await using SharedPages shared = await platform.Grants.ShareAsync(5, 3, GrantAccess.ReadWrite);
        Assert.Equal([1001u, 1002u, 1003u], shared.References);
    }

    [Fact]
    public void A_simulated_program_is_the_whole_of_its_domain_and_knows_its_number()
    {
        using SimulatedHypervisor hypervisor = new();
        _ = hypervisor.CreateDomain();
        SimulatedDomain domain = hypervisor.CreateDomain();
        Assert.True(domain.Platform.IsWholeDomain);
        Assert.Equal(domain.Id, domain.Platform.DomainId);
    }

    /// <summary>Counts on from 1001, whatever the references are.</summary>
    private sealed unsafe class NumberingGrants : GrantOperations
    {
        private readonly HashSet<uint> _granted = [];
        private uint _last = 1000;

        public override bool NumbersGrants => true;

        public override GrantTableSize GetSize() => new() { Current = 16, Maximum = 16 };

        public override GrantTableSize Grow() => GetSize();

        public override nint AllocatePages(int count) => (nint)NativeMemory.AlignedAlloc((nuint)(count * SharedMemory.PageSize), SharedMemory.PageSize);

        public override XenError FreePages(nint address, int count)
        {
            NativeMemory.AlignedFree((void*)address); // what was allocated above
            return XenError.None;
        }

        public override void Grant(Span<GrantAccessRequest> requests)
        {
            foreach (ref GrantAccessRequest request in requests)
            {
                Assert.True(_granted.Add(request.Reference));
                request.Reference = ++_last;
            }
        }

        public override void End(ReadOnlySpan<uint> references, Span<XenError> results)
        {
            for (int i = 0; i < references.Length; i++)
                results[i] = _granted.Remove(references[i]) ? XenError.None : XenError.NoEntry;
        }

        public override XenError Map(Span<GrantMapRequest> requests, bool readOnly, out nint address)
        {
            address = 0;
            return XenError.NotSupported;
        }

        public override XenError Unmap(nint address, int count) => XenError.NotSupported;

        public override XenError SetUnmapNotification(nint address, long clearOffset, uint? notifyPort) => XenError.NotSupported;

        public override void Copy(Span<GrantCopyRequest> requests)
        {
            foreach (ref GrantCopyRequest request in requests)
                request.Result = GrantStatus.GeneralError;
        }
    }
}
