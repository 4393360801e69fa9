// What the arguments of each call are, so that most calls get further than to their first check. A letter an argument:
//      f descriptor   d descriptor of a directory   p text   b memory   v array of ranges   t time   a place in the arena   e its extent
//      n number or length   s small number   x flags, anything   - no argument
namespace SystemCallFuzz;

internal static class Signatures
{
    private const string Calls = """
        0 fbn, 1 fbn, 2 pxx, 3 f, 4 pb, 5 fb, 6 pb, 7 bss, 8 fns, 9 aexxfn, 10 aes, 11 ae, 12 n, 13 sbbn, 14 sbbn, 16 fxb, 17 fbnn, 18 fbnn,
        19 fvs, 20 fvs, 21 ps, 22 b, 23 nbbbt, 24 -, 25 aeexa, 26 aes, 27 aeb, 28 aes, 32 f, 33 ff, 35 tb, 39 -, 40 ffbn, 41 sss, 42 fbn, 44 fbnxbn,
        45 fbnxbn, 49 fbn, 53 sssb, 61 nbsb, 62 ns, 63 b, 72 fsx, 73 fs, 74 f, 75 f, 76 pn, 77 fn, 78 fbn, 79 bn, 80 p, 81 f, 82 pp, 83 px, 84 p,
        85 px, 86 pp, 87 p, 88 pp, 89 pbn, 90 px, 91 fx, 92 pxx, 93 fxx, 94 pxx, 95 x, 96 bb, 97 sb, 98 sb, 99 b, 102 -, 104 -, 107 -, 108 -,
        110 -, 127 bn, 130 bn, 131 bb, 137 pb, 138 fb, 140 ss, 141 sss, 142 sb, 143 sb, 144 ssb, 145 s, 146 s, 147 s, 148 sb, 149 ae, 150 ae,
        157 sb, 158 xb, 160 sb, 162 -, 186 -, 187 fnn, 200 ss, 202 bsntbn, 203 snb, 204 snb, 213 n, 217 fbn, 218 b, 221 fnns, 228 sb, 229 sb,
        230 sstb, 232 fbns, 233 fsfb, 234 sss, 239 bbnas, 247 snbsb, 253 -, 254 fpx, 255 fs, 257 dpxx, 258 dpx, 260 dpxxx, 262 dpbx, 263 dpx,
        264 dpdp, 265 dpdpx, 266 pdp, 267 dpbn, 268 dpx, 269 dps, 270 nbbbtb, 271 bstbn, 273 bn, 280 dpbx, 281 fbnsbn, 285 fsnn, 291 x, 292 ffx, 293 bx,
        294 x, 295 fvsn, 296 fvsn, 302 ssbb, 306 f, 309 bb, 316 dpdps, 318 bnx, 319 px, 324 sx, 326 fbfbnx, 332 dpxxb, 334 bnsx, 436 nnx, 439 dpsx
        """;

    // From the first of Xenolith's own calls on.
    private const string PlatformCalls = """
        0 -, 1 b, 2 s, 3 s, 4 ss, 5 sb, 6 bn, 7 bb, 8 s, 9 as, 10 b, 11 b, 12 bs, 13 bbs, 14 bsxb, 15 as, 16 ans, 17 bs, 18 s, 19 -, 20 b
        """;

    private static readonly Dictionary<long, string> All = new([.. Read(Calls, 0), .. Read(PlatformCalls, Linux.Platform)]);

    internal static readonly long[] Known = [.. All.Keys];

    internal static string? Of(long number) => All.GetValueOrDefault(number);

    private static IEnumerable<KeyValuePair<long, string>> Read(string text, long first) =>
        from call in text.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        let words = call.Split(' ')
        select KeyValuePair.Create(first + long.Parse(words[0]), words[1].Replace("-", ""));
}
