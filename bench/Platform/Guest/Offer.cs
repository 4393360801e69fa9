using System.Globalization;
using Xenolith.Grants;

namespace Xenolith.Bench.Platform.Guest;

/// <summary>The server's domain and what it offers: a port to connect to, and pages that may be mapped and copied.</summary>
internal sealed record Offer(ushort Domain, uint Port, ForeignGrant[] Pages)
{
    public const int PageCount = 16;

    public static Offer Parse(string text)
    {
        uint[] numbers = [.. text.Split(' ').Select(number => uint.Parse(number, CultureInfo.InvariantCulture))];
        ushort domain = (ushort)numbers[0];
        return new(domain, numbers[1], [.. numbers[2..].Select(reference => new ForeignGrant(domain, reference))]);
    }
}
