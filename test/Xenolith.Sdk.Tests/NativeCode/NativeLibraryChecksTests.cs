using Xenolith.Sdk.Linking;
using Xenolith.Sdk.NativeCode;

namespace Xenolith.Sdk.Tests.NativeCode;

/// <summary>What can be linked into an image, and what is said of the rest.</summary>
public sealed class NativeLibraryChecksTests : IDisposable
{
    private static readonly HashSet<string> Offered = ["printf", "open", "open64", "crc64", "l64a"];

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Objects_and_static_libraries_for_musl_are_taken()
    {
        string[] flags = [.. NativeToolchain.CodeFlags, .. new NativeToolchain().HeaderFlags(), "-O2", "-D_FORTIFY_SOURCE=2"];
        const string Source = "#include <ctype.h>\n#include <fcntl.h>\n#include <stdio.h>\nint use(char *t) { int n; sscanf(t, \"%d\", &n); printf(\"%s\", t); return isalpha(n) + open(t, 0); }";
        NativeLibraryChecks.Require(Compile(Source, flags), Offered);
        NativeLibraryChecks.Require(Archive("rcs", Compile(Source, flags)), Offered);
        // Their own functions may have any name, and so may those of others that only look like glibc's.
        NativeLibraryChecks.Require(Compile("int crc64(void); int my64(void); int __own_chk(void) { return crc64() + my64() + __own_chk(); }"), Offered);
    }

    [Fact]
    public void What_was_compiled_for_glibc_is_known_by_the_names_that_only_its_headers_make()
    {
        const string Source = "#define _FILE_OFFSET_BITS 64\n#include <ctype.h>\n#include <fcntl.h>\n#include <stdio.h>\nint use(char *t) { int n; sscanf(t, \"%d\", &n); printf(\"%s\", t); return isalpha(n) + open(t, 0); }";
        Refused("XEN1033", "__ctype_b_loc, __isoc99_sscanf, __printf_chk, open64.", Compile(Source, "-O2", "-D_FORTIFY_SOURCE=2"));
    }

    [Fact]
    public void A_missing_file_is_named() => Refused("XEN1030", "/nowhere/libsum.a", "/nowhere/libsum.a");

    [Fact]
    public void Shared_libraries_programs_and_other_files_are_refused()
    {
        string shared = _directory.Combine("libsum.so");
        Command.Require("gcc", ["-shared", "-fPIC", "-o", shared, _directory.Write("sum.c", "int sum(void) { return 1; }")]);
        Refused("XEN1031", "is a shared library, not a static library", shared);
        string program = _directory.Combine("program");
        Command.Require("gcc", ["-no-pie", "-o", program, _directory.Write("program.c", "int main(void) { return 1; }")]);
        Refused("XEN1031", "is a program, not a static library", program);
        Refused("XEN1031", "neither a static library of ELF objects nor an ELF object", _directory.Write("libtext.a", "text"));
        Refused("XEN1031", "thin archive", Archive("rcsT", Compile("int sum(void) { return 1; }")));
        Refused("XEN1031", "is empty", Archive("rcs"));
        Refused("XEN1031", "-ffat-lto-objects", Compile("int sum(void) { return 1; }", "-flto"));
    }

    [Fact]
    public void A_damaged_library_is_refused_wherever_it_is_cut()
    {
        string library = Archive("rcs", Compile("int sum(void) { return 1; }"));
        byte[] whole = File.ReadAllBytes(library);
        for (int length = whole.Length - 1; length > 0; length -= 7)
        {
            File.WriteAllBytes(library, whole[..length]);
            Assert.Equal("XEN1031", Assert.Throws<ImageLinkException>(() => NativeLibraryChecks.Require(library, Offered)).Code);
        }
    }

    [Theory]
    [InlineData(1, 3, "32-bit x86")]
    [InlineData(1, 62, "x86-64 with 32-bit pointers")]
    [InlineData(1, 40, "32-bit Arm")]
    [InlineData(2, 183, "64-bit Arm")]
    [InlineData(2, 243, "RISC-V")]
    [InlineData(2, 22, "ELF machine 22")]
    public void Objects_for_another_processor_are_refused_with_its_name(byte width, byte machine, string processor)
    {
        string path = Compile("int sum(void) { return 1; }");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[4] = width;
        bytes[18] = machine;
        File.WriteAllBytes(path, bytes);
        Refused("XEN1032", $"another processor ({processor})", Archive("rcs", path));
    }

    [Theory]
    [InlineData("libsum.a", "sum")]
    [InlineData("a/b/sum.o", "sum")]
    [InlineData("lib.a", "lib")]
    [InlineData("native/library.c", "library")]
    [InlineData("libsum.c", "libsum")]
    public void A_library_is_called_what_its_file_is_called(string path, string name) => Assert.Equal(name, NativeBuild.NameOf(path));

    private static void Refused(string code, string words, string path)
    {
        ImageLinkException problem = Assert.Throws<ImageLinkException>(() => NativeLibraryChecks.Require(path, Offered));
        Assert.Equal(code, problem.Code);
        Assert.StartsWith(code == "XEN1031" || code == "XEN1030" ? "" : path, problem.Message);
        Assert.Contains(words, problem.Message);
    }

    private string Compile(string source, params string[] flags)
    {
        string path = _directory.Combine("use.o");
        Command.Require("gcc", [.. flags, "-c", _directory.Write("use.c", source), "-o", path]);
        return path;
    }

    private string Archive(string operation, params string[] objects)
    {
        string path = _directory.Combine("libuse.a");
        File.Delete(path);
        Command.Require("ar", [operation, path, .. objects]);
        return path;
    }
}
