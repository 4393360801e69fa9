using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using CsCheck;
using Xenolith.Kernel.Diagnostics;

namespace Xenolith.Kernel.Tests.Diagnostics;

public sealed unsafe class LineBufferTests : IDisposable
{
    private readonly LineBuffer* line = (LineBuffer*)NativeMemory.AllocZeroed((nuint)sizeof(LineBuffer));

    private string Content => Encoding.UTF8.GetString(line->Content);

    public void Dispose() => NativeMemory.Free(line);

    [Fact]
    public void Text_bytes_and_numbers_follow_each_other()
    {
        line->Text("frame ");
        line->Decimal(1234567890);
        line->Text(" at ");
        line->Hex(0xFFFF_8000_0012_3456);
        line->Bytes(" größer"u8);
        line->Text("ß");
        line->NewLine();
        Assert.Equal("frame 1234567890 at 0xffff800000123456 größer?\n", Content);
        line->Clear();
        Assert.Equal("", Content);
    }

    [Fact]
    public void Any_number_is_written_as_the_framework_writes_it()
    {
        Gen.OneOf(Gen.ULong, Gen.ULong[0, 100], Gen.OneOf(0ul, 9ul, 10ul, 15ul, 16ul, ulong.MaxValue)).Sample(value =>
        {
            LineBuffer own = default;
            own.Decimal(value);
            own.Text(" ");
            own.Hex(value);
            Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"{value} 0x{value:x}"), Encoding.UTF8.GetString(own.Content));
        });
    }

    [Fact]
    public void A_byte_is_two_digits()
    {
        line->HexByte(0);
        line->HexByte(0x7f);
        line->HexByte(0xf0);
        Assert.Equal("007ff0", Content);
    }

    [Fact]
    public void What_does_not_fit_is_left_out_but_the_newline_is_not()
    {
        for (int i = 0; i < 100; i++)
            line->Hex(ulong.MaxValue);
        line->NewLine();
        Assert.Equal(LineBuffer.Capacity, line->Length);
        Assert.EndsWith("f\n", Content, StringComparison.Ordinal);
        line->NewLine();
        Assert.Equal(LineBuffer.Capacity, line->Length);
    }
}
