using System.Text;
using System.Text.RegularExpressions;

namespace Xenolith.Bed;

/// <summary>Puts the ends of the consoles below an error's message.</summary>
internal static partial class Diagnosis
{
    private const int Lines = 80;

    public static string Explain(string message, GuestConsole log, IEnumerable<Domain> domains)
    {
        StringBuilder text = new(message.Trim());
        text.Append("\n--- Xen and dom0, last lines ---\n").Append(Tail(log, line => !DomainState().IsMatch(line)));
        foreach (Domain domain in domains)
            text.Append($"\n--- {domain.Name} (domain {domain.Id}), last lines ---\n").Append(Tail(domain.Console, _ => true));
        return text.ToString();
    }

    private static string Tail(GuestConsole console, Func<string, bool> wanted) => string.Join('\n', console.Text.TrimEnd().Split('\n').Where(wanted).TakeLast(Lines));

    /// <summary>Xen's listing of a domain's state, some thirty lines for each domain that is created.</summary>
    [GeneratedRegex(@"^\(XEN\) HVM ?d?\d+(v\d+)? (save|restore):")]
    private static partial Regex DomainState();
}
