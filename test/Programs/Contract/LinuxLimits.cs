namespace Contract;

/// <summary>Cases of the contract that no process of a Linux domain can keep, whatever it does, and why (docs/platforms.md).</summary>
internal static class LinuxLimits
{
    private const string NoBusy = "Linux ends a grant by itself and does not tell whether the peer has the page still mapped";
    private const string NoStatus = "Linux lets no process of a domU ask Xen for the status of a port";

    private static readonly Dictionary<string, string> s_inDom0 = new()
    {
        ["A_busy_grant_is_reported_and_can_be_ended_later__MSA02"] = NoBusy,
        ["Disposing_of_busy_pages_reclaims_them_when_the_peer_lets_go__MSA02"] = NoBusy,
    };

    // Here the domain's own grants are mapped by the library (Xen cannot do that in a PVH domain), so it knows which are busy.
    private static readonly Dictionary<string, string> s_inDomU = new()
    {
        ["The_status_names_the_other_end"] = NoStatus,
        ["Notifying_a_peer_that_has_closed_its_end_does_no_harm_and_the_status_tells"] = NoStatus,
        ["An_interrupt_to_a_cpu_of_its_own_arrives"] = NoStatus,
        ["An_interrupt_is_bound_once"] = NoStatus,
        ["Resetting_watches_keeps_those_of_this_client"] = "a reset of watches would take away those of the kernel and of other processes",
    };

    /// <summary>Why the case is not offered; <see langword="null"/> if it is.</summary>
    /// <param name="name">The case.</param>
    /// <param name="domain">The domain in which the process runs.</param>
    internal static string? Find(string name, ushort domain) => (domain == 0 ? s_inDom0 : s_inDomU).GetValueOrDefault(name);
}
