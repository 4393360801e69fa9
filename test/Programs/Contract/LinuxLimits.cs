namespace Contract;

/// <summary>Cases of the contract that no process of a Linux domain can keep, whatever it does, and why (docs/platforms.md).</summary>
internal static class LinuxLimits
{
    private const string NoBusy = "Linux ends a grant by itself and does not tell whether the peer has the page still mapped";

    private static readonly Dictionary<string, string> s_reasons = new()
    {
        ["A_busy_grant_is_reported_and_can_be_ended_later__MSA02"] = NoBusy,
        ["Disposing_of_busy_pages_reclaims_them_when_the_peer_lets_go__MSA02"] = NoBusy,
    };

    /// <summary>Why the case is not offered; <see langword="null"/> if it is.</summary>
    internal static string? Find(string name) => s_reasons.GetValueOrDefault(name);
}
