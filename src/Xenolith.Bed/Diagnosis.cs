using System.Text;

namespace Xenolith.Bed;

/// <summary>Puts the ends of the consoles below an error's message.</summary>
internal static class Diagnosis
{
    private const int Lines = 40;

    public static string Explain(string message, GuestConsole log, IEnumerable<Domain> domains)
    {
        StringBuilder text = new(message.Trim());
        text.Append("\n--- Xen and dom0, last lines ---\n").Append(log.Tail(Lines));
        foreach (Domain domain in domains)
            text.Append($"\n--- {domain.Name} (domain {domain.Id}), last lines ---\n").Append(domain.Console.Tail(Lines));
        return text.ToString();
    }
}
