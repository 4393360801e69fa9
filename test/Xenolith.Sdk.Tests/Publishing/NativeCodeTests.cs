using System.Text.RegularExpressions;
using Xenolith.Sdk.NativeCode;

namespace Xenolith.Sdk.Tests.Publishing;

/// <summary>A program with C code of its own: one library that a Makefile has built, and one source that the SDK compiles.</summary>
public sealed class NativeCodeTests(NativeCodeTests.Project fixture) : IClassFixture<NativeCodeTests.Project>
{
    private const string Program = """
        using System.Runtime.InteropServices;

        Console.WriteLine($"sum {Native.Sum([1, 2, 3], 3)}, product {Native.Product(1ul << 63, 6)}");

        internal static partial class Native
        {
            [LibraryImport("sum", EntryPoint = "sum_bytes")]
            internal static partial int Sum(ReadOnlySpan<byte> data, int length);

            // Half of the 128 bits of a product: divided by the compiler's library.
            [LibraryImport("wide")]
            private static partial ulong product(ulong a, ulong b);

            internal static ulong Product(ulong a, ulong b) => product(a, b);
        }
        """;

    private const string Items = """
        <XenolithNativeLibrary Include="native/libsum.a" />
        <XenolithNativeLibrary Include="native/one.c;native/two.c" Library="wide" Flags="-DDIVISOR=3 -Inative/include" />
        """;

    private const string Sum = """
        #include <ctype.h>
        #include <stdio.h>
        #include <string.h>
        #include <immintrin.h>
        int sum_bytes(const unsigned char *data, int length)
        {
                char copy[64];
                int sum = 0, read = 0;
                snprintf(copy, sizeof copy, "%d", length);
                sscanf(copy, "%d", &read);
                for (int i = 0; i < read; i++)
                        sum += data[i];
                return sum;
        }
        """;

    // Makefile and configure script in a few lines: the flags come from pkg-config, and a trial program is linked and run.
    private const string Build = """
        set -eu
        export PKG_CONFIG_PATH="$1"
        cd native
        echo 'int main(void) { return 0; }' >trial.c
        gcc $(pkg-config --cflags xenolith) trial.c -o trial $(pkg-config --libs xenolith)
        ./trial
        gcc -O2 -Wall -Werror $(pkg-config --cflags xenolith) -c sum.c -o sum.o
        ar rcs libsum.a sum.o
        """;

    private SampleProject Sample => fixture.Sample;

    [Fact]
    public void Functions_of_static_libraries_and_of_C_sources_are_called()
    {
        RequirePublish();
        Assert.Equal("sum 6, product 18446744073709551615\n", Command.Require(Sample.Image, []).Output);
        Assert.Equal(
            ["A Sample.libvirt.xml", "A Sample.xen", "A Sample.xen.debug", "A Sample.xl"],
            Directory.EnumerateFiles(Path.GetDirectoryName(Sample.Image)!).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Publishing_again_links_only_what_has_changed()
    {
        RequirePublish();
        string linked = Path.Combine(Sample.NativeDirectory, "xenolith", "linked.elf");
        DateTime before = File.GetLastWriteTimeUtc(linked);
        RequirePublish();
        Assert.Equal(before, File.GetLastWriteTimeUtc(linked));

        // A header, of which the build knows nothing.
        string header = File.ReadAllText(Sample.File("native/include/wide.h"));
        Sample.Write("native/include/wide.h", header.Replace("+ 0", "+ 1"));
        RequirePublish();
        Sample.Write("native/include/wide.h", header);
        Assert.Equal("sum 6, product 0\n", Command.Require(Sample.Image, []).Output);
    }

    [Fact]
    public void The_same_sources_make_shared_libraries_for_dotnet_run()
    {
        Command.Result build = Sample.Dotnet("build", "-c", "Release", "--nologo", "-v:q", "--tl:off");
        Assert.True(build.ExitCode == 0, build.Output + build.Errors);
        Assert.Contains(" T product", Command.Require("nm", ["-D", Sample.File("bin/Release/net10.0/linux-x64/libwide.so")]).Output);
    }

    [Fact]
    public void A_function_that_no_library_has_is_named_with_the_one_that_may_be_meant() => WithLibrary(
        "int sum_byte(const unsigned char *data, int length) { return 0; }",
        "error XEN1035: The program calls sum_bytes, which no native library of the project (libsum.a, libwide.a) defines. They define sum_byte: correct the name");

    [Fact]
    public void A_function_of_CPlusPlus_is_named() => WithLibrary(
        "int sum_bytes(const unsigned char *data, int length) __asm__(\"_Z9sum_bytesPKhi\"); int sum_bytes(const unsigned char *data, int length) { return 0; }",
        "error XEN1035: The program calls sum_bytes, which no native library of the project (libsum.a, libwide.a) defines. They define a C++ function sum_bytes: declare it extern \"C\".");

    [Fact]
    public void A_function_that_a_library_wants_is_named_with_the_library() => WithLibrary(
        "int inflate(void *); int sum_bytes(const unsigned char *data, int length) { return inflate(0); }",
        "error XEN1036: native/libsum.a refers to inflate, which neither a native library of the project (libsum.a, libwide.a) nor musl");

    [Fact]
    public void A_library_that_was_compiled_for_glibc_is_refused() => WithLibrary(
        "#include <stdio.h>\nint sum_bytes(const char *data, int length) { int sum; return sscanf(data, \"%d\", &sum) + sum + length; }",
        "error XEN1033: native/libsum.a was compiled for glibc: it refers to __isoc99_sscanf. The C library of an image is musl: compile it with the flags of `pkg-config --cflags xenolith`.",
        musl: false);

    [Fact]
    public void A_mistake_in_a_source_is_shown_as_the_compiler_says_it()
    {
        string source = File.ReadAllText(Sample.File("native/one.c"));
        Sample.Write("native/one.c", source.Replace("divide(", "divided("));
        try
        {
            Command.Result result = Sample.Publish();
            Assert.NotEqual(0, result.ExitCode);
            Assert.Contains("error XEN1034: native/one.c does not compile: native/one.c: In function", result.Output);
            Assert.Contains("implicit declaration of function", result.Output);
        }
        finally
        {
            Sample.Write("native/one.c", source);
        }
    }

    [Fact]
    public void Libraries_and_sources_that_are_missing_are_named()
    {
        File.Move(Sample.File("native/two.c"), Sample.File("native/two"));
        Fails("error XEN1030: There is no C source native/two.c");
        File.Move(Sample.File("native/two"), Sample.File("native/two.c"));
        File.Move(Sample.File("native/libsum.a"), Sample.File("native/libsum"));
        Fails("error XEN1030: There is no native library native/libsum.a: build it first");
        File.Move(Sample.File("native/libsum"), Sample.File("native/libsum.a"));
    }

    private void WithLibrary(string source, string message, bool musl = true)
    {
        Sample.Write("native/other.c", source);
        string library = Sample.File("native/libsum.a");
        byte[] right = File.ReadAllBytes(library);
        File.Delete(library);
        Command.Require("gcc", ["-c", "-w", "-O2", .. musl ? new NativeToolchain().HeaderFlags() : [], Sample.File("native/other.c"), "-o", Sample.File("native/other.o")]);
        Command.Require("ar", ["rcs", library, Sample.File("native/other.o")]);
        try
        {
            Fails(message);
        }
        finally
        {
            File.WriteAllBytes(library, right);
        }
    }

    private void Fails(string message)
    {
        Command.Result result = Sample.Publish();
        Assert.NotEqual(0, result.ExitCode);
        string error = Assert.Single(Regex.Matches(result.Output, "error .*").Select(m => m.Value).Distinct());
        Assert.StartsWith(message, error);
    }

    private void RequirePublish()
    {
        Command.Result result = Sample.Publish();
        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
    }

    /// <summary>The project, with its libraries built as a user's would be.</summary>
    public sealed class Project : IDisposable
    {
        public Project() => Sample = new SampleProject(Program, Items, project =>
        {
            project.WriteProject("<AllowUnsafeBlocks>true</AllowUnsafeBlocks>", Items);
            project.Write("native/sum.c", Sum);
            project.Write("native/include/wide.h", "typedef unsigned __int128 wide;\nunsigned long long divide(wide value);\n#define ADDED (0 + 0)\n");
            project.Write("native/one.c", "#include <wide.h>\nunsigned long long product(unsigned long long a, unsigned long long b) { return divide((wide)a * b) + ADDED; }\n");
            project.Write("native/two.c", "#include <wide.h>\nunsigned long long divide(wide value) { return (unsigned long long)(value / DIVISOR) - 1; }\n");
            string packages = Directory.CreateDirectory(project.File("packages")).FullName;
            File.WriteAllText(Path.Combine(packages, "xenolith.pc"), PkgConfigFile.Write(new NativeToolchain(), "1.2.3"));
            Command.Require("sh", ["-c", Build, "sh", packages], project.File("."));
        });

        internal SampleProject Sample { get; }

        public void Dispose() => Sample.Dispose();
    }
}
