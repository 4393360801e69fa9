using System.Text;
using Xenolith.Cli.Running;

namespace Xenolith.Cli.Tests;

public class ExitLineFilterTests
{
    private static readonly Gen<byte[]> Output = Gen.OneOf(
        Gen.Byte.Array[0, 80],
        Gen.Int[0, 5].Array[0, 6].Select(parts => Encoding.ASCII.GetBytes(string.Concat(parts.Select(p =>
            (string[])["xenolith: exit code 3\n", "xenolith: ", "\n", "x", "xenolith: exit code 3", "3"]).Select((options, i) => options[parts[i]])))));

    [Fact]
    public void Every_byte_passes_when_no_exit_code_follows_however_the_bytes_are_cut() =>
        Gen.Select(Output, Gen.Int[1, 7]).Sample((output, size) =>
            EndsWithExitLine(output, 0) || Filter(output, size, exitCode: 0).AsSpan().SequenceEqual(output));

    [Fact]
    public void The_last_line_with_the_exit_code_is_kept_out_however_the_bytes_are_cut() =>
        Gen.Select(Output, Gen.Int[1, 7], Gen.Int[1, 255]).Sample((output, size, code) =>
        {
            byte[] complete = output.Length == 0 || output[^1] == '\n' ? output : [.. output, (byte)'\n'];
            byte[] console = [.. complete, .. Encoding.ASCII.GetBytes($"xenolith: exit code {code}\n")];
            return Filter(console, size, code).AsSpan().SequenceEqual(complete);
        });

    [Theory]
    [InlineData("xenolith: exit code 3\nmore\n", 3)]
    [InlineData("say xenolith: exit code 3\n", 3)]
    [InlineData("xenolith: exit code 4\n", 3)]
    [InlineData("xenolith: exit code 3", 3)]
    [InlineData("xenolith: exit code \n", 3)]
    [InlineData("xenolith: exit code 33333333333333333\n", 3)]
    public void A_line_that_only_resembles_the_exit_codes_passes(string output, int exitCode) =>
        Assert.Equal(output, Encoding.ASCII.GetString(Filter(Encoding.ASCII.GetBytes(output), 1, exitCode)));

    [Fact]
    public void Bytes_pass_at_once_unless_they_may_begin_the_last_line()
    {
        using MemoryStream output = new();
        ExitLineFilter filter = new(output);
        string Passed() => Encoding.ASCII.GetString(output.ToArray());

        filter.Write("prompt> "u8);
        Assert.Equal("prompt> ", Passed());
        filter.Write("\nxeno"u8);
        Assert.Equal("prompt> \n", Passed());
        filter.Write("morph"u8);
        Assert.Equal("prompt> \nxenomorph", Passed());
    }

    private static bool EndsWithExitLine(byte[] output, int code)
    {
        byte[] line = Encoding.ASCII.GetBytes($"xenolith: exit code {code}\n");
        return output.AsSpan().EndsWith(line);
    }

    private static byte[] Filter(byte[] bytes, int size, int? exitCode)
    {
        using MemoryStream output = new();
        ExitLineFilter filter = new(output);
        foreach (byte[] chunk in bytes.Chunk(size))
            filter.Write(chunk);
        filter.Complete(exitCode);
        return output.ToArray();
    }
}
