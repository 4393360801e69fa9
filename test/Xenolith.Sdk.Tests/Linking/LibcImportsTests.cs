using Xenolith.Sdk.Linking;

namespace Xenolith.Sdk.Tests.Linking;

public sealed class LibcImportsTests : IDisposable
{
    private const string MuslHeaders = "/usr/include/x86_64-linux-musl";
    private const string MuslLibraries = "/usr/lib/x86_64-linux-musl";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Names_are_the_words_of_the_lines_that_are_no_comments() =>
        Assert.Equal(["a", "b", "c"], LibcImports.ParseList(["# not these", "a b", "", "  c "]).Order());

    [Fact]
    public void What_the_runtime_has_itself_and_what_no_C_library_has_need_no_review()
    {
        string runtime = Assemble("runtime", ".globl own\nown: call own2\ncall compiler_made\n.globl own2\nown2: ret\n");
        LibcImports.Require([runtime], [Assemble("libc", ".globl other\nother: ret\n")], new HashSet<string>());
    }

    [Fact]
    public void A_name_that_is_not_reviewed_and_one_that_is_missing_are_told()
    {
        string runtime = Assemble("runtime", "call newcomer\ncall departed\n");
        string libc = Assemble("libc", ".globl newcomer\nnewcomer: ret\n");

        ImageLinkException unknown = Assert.Throws<ImageLinkException>(() => LibcImports.Require([runtime], [libc], new HashSet<string> { "departed" }));
        Assert.Equal("XEN1013", unknown.Code);
        Assert.Contains(" newcomer ", unknown.Message);

        ImageLinkException missing = Assert.Throws<ImageLinkException>(() => LibcImports.Require([runtime], [libc], new HashSet<string> { "newcomer", "departed" }));
        Assert.Equal("XEN1014", missing.Code);
        Assert.Contains(" departed,", missing.Message);
    }

    [Fact]
    public void Structures_and_constants_that_pass_between_the_runtime_and_the_C_library_are_the_same_in_both()
    {
        string source = Repository.Native("libc-layout.c");
        Command.Require("gcc", ["-w", "-o", _directory.Combine("glibc"), source]);
        Command.Require("gcc", ["-w", "-nostdinc", "-isystem", MuslHeaders, "-nostdlib", "-static", "-no-pie", "-o", _directory.Combine("musl"),
            source, $"{MuslLibraries}/crt1.o", $"{MuslLibraries}/libc.a"]);

        string[] glibc = Command.Require(_directory.Combine("glibc"), []).Output.Split('\n');
        Assert.InRange(glibc.Length, 200, int.MaxValue);
        Assert.Equal(glibc, Command.Require(_directory.Combine("musl"), []).Output.Split('\n'));
    }

    private string Assemble(string name, string text)
    {
        string path = _directory.Combine(name + ".o");
        Command.Require("as", ["-o", path, _directory.Write(name + ".S", text)]);
        return path;
    }
}
