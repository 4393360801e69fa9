// Compares every structure and constant of Xenolith.Abi with Xen's public headers, through a C program that prints what gcc makes of them.

using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace Xenolith.Abi.Tests;

public sealed class HeaderTests(HeaderTests.Compiled compiled) : IClassFixture<HeaderTests.Compiled>
{
    private const BindingFlags Fields = BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private const BindingFlags Literals = BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Fact]
    public void Every_field_lies_where_the_headers_put_it()
    {
        List<string> wrong = [];
        foreach ((Type type, string field, string key) in FieldKeys())
        {
            long offset = Marshal.OffsetOf(type, field).ToInt64();
            if (compiled.Values[key] != offset)
                wrong.Add($"{type.Name}.{field} at {offset}, {key} at {compiled.Values[key]}");
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_structure_has_the_size_that_the_headers_give_it()
    {
        List<string> wrong = [];
        foreach ((Type type, string[] tags) in HeaderNames.Structures)
        {
            foreach (string tag in tags)
            {
                if (compiled.Values[$"sizeof(struct {tag})"] != SizeOf(type))
                    wrong.Add($"{type.Name}: {SizeOf(type)}, {tag}: {compiled.Values[$"sizeof(struct {tag})"]}");
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_constant_has_the_value_of_the_headers()
    {
        List<string> wrong = [];
        foreach ((string name, long value, string key) in ConstantKeys())
        {
            if (compiled.Values[key] != value)
                wrong.Add($"{name} = {value}, {key} = {compiled.Values[key]}");
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Nothing_public_is_left_out_of_the_comparison()
    {
        IEnumerable<Type> covered = HeaderNames.Structures.Select(s => s.Type).Concat(HeaderNames.Constants.Select(c => c.Type));
        Assert.Empty(typeof(SharedInfo).Assembly.GetExportedTypes().Where(t => !t.IsNested).Except(covered).Except(HeaderNames.Own));
    }

    private static IEnumerable<(Type Type, string Field, string Key)> FieldKeys() =>
        from structure in HeaderNames.Structures
        from tag in structure.Tags
        from field in structure.Type.GetFields(Fields)
        let name = HeaderNames.Exceptions.GetValueOrDefault($"{structure.Type.Name}.{field.Name}") ?? HeaderNames.ToSnakeCase(field.Name)
        select (structure.Type, field.Name, $"offsetof(struct {tag}, {name})");

    private static IEnumerable<(string Name, long Value, string Key)> ConstantKeys()
    {
        IEnumerable<(Type Type, string Prefix, bool Capitals)> types =
            HeaderNames.Constants.Concat(HeaderNames.Structures.Select(s => (s.Type, "", false)));
        return from type in types
               from field in type.Type.GetFields(Literals)
               let name = $"{type.Type.Name}.{field.Name}"
               where field.IsLiteral && !HeaderNames.Prose.Contains(name)
               let snake = HeaderNames.ToSnakeCase(field.Name)
               let rule = type.Prefix + (type.Capitals ? snake.ToUpperInvariant() : snake)
               let value = Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture)
               select (name, value, HeaderNames.Exceptions.GetValueOrDefault(name) ?? rule);
    }

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    /// <summary>The value of each C expression, by its text.</summary>
    public sealed class Compiled
    {
        public Dictionary<string, long> Values { get; } = [];

        public Compiled()
        {
            Assert.True(File.Exists("/usr/include/xen/xen.h"), "Xen's public headers are missing: apt-get install libxen-dev gcc");
            IEnumerable<string> keys = FieldKeys().Select(f => f.Key)
                .Concat(HeaderNames.Structures.SelectMany(s => s.Tags).Select(t => $"sizeof(struct {t})"))
                .Concat(ConstantKeys().Select(c => c.Key)).Distinct();

            var source = new StringBuilder("""
                #include <stddef.h>
                #include <stdint.h>
                #include <stdio.h>
                #define __XEN_INTERFACE_VERSION__ 0x00040e00
                #include <xen/xen.h>
                #include <xen/arch-x86/cpuid.h>
                #include <xen/arch-x86/hvm/start_info.h>
                #include <xen/elfnote.h>
                #include <xen/event_channel.h>
                #include <xen/grant_table.h>
                #include <xen/hvm/params.h>
                #include <xen/io/console.h>
                #include <xen/io/ring.h>
                #include <xen/io/xenbus.h>
                #include <xen/io/xs_wire.h>
                #include <xen/memory.h>
                #include <xen/sched.h>
                #include <sys/ioctl.h>
                #include <xen/sys/evtchn.h>
                #include <xen/sys/gntalloc.h>
                #include <xen/sys/gntdev.h>
                #include <xen/sys/privcmd.h>
                #include <xen/vcpu.h>
                #include <xen/version.h>
                struct nothing { }; // slots without a size: what is left is the header
                DEFINE_RING_TYPES(any, struct nothing, struct nothing);
                int main(void) {

                """);
            foreach (string key in keys)
                source.AppendLine(CultureInfo.InvariantCulture, $"  printf(\"%lld\\t{key}\\n\", (long long)({key}));");
            source.AppendLine("  return 0; }");

            DirectoryInfo directory = Directory.CreateTempSubdirectory("xenolith-abi-");
            try
            {
                string file = Path.Combine(directory.FullName, "abi.c");
                string program = Path.Combine(directory.FullName, "abi");
                File.WriteAllText(file, source.ToString());
                Run("gcc", "-o", program, file);
                foreach (string line in Run(program).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                    Values[line.Split('\t')[1]] = long.Parse(line.Split('\t')[0], CultureInfo.InvariantCulture);
            }
            finally
            {
                directory.Delete(recursive: true);
            }
        }

        private static string Run(string program, params string[] arguments)
        {
            using Process process = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{program}: {errors.Result}");
            return output;
        }
    }
}
