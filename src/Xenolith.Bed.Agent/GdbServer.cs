// gdb's remote serial protocol ("Remote Protocol" in gdb's manual) for one domain: as much as gdb needs to read and write registers and
// memory, to stop, step and go on. It inserts breakpoints itself, by writing to memory.

using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Xenolith.Bed.Protocol;

namespace Xenolith.Bed.Agent;

/// <summary>Serves one debugger until it goes away or the domain ends.</summary>
internal sealed class GdbServer(DebuggedDomain domain, MultiplexedChannel channel, Func<Task> ended)
{
    private const byte Interrupt = 3;
    private const int LongestPacket = 8192;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private const int MostMemory = (LongestPacket - 16) / 2;

    // gdb's numbers for the registers, by their places in VcpuContext.General: rax rbx rcx rdx rsi rdi rbp, then rsp, then r8 to r15.
    private static readonly int[] General = [10, 5, 11, 12, 13, 14, 4, -1, 9, 8, 7, 6, 3, 2, 1, 0];

    // cs ss ds es fs gs, by their places in VcpuContext.Segments.
    private static readonly int[] Segments = [0, 3, 5, 4, 6, 7];

    private const int StackPointer = 7;
    private const int InstructionPointer = 16;
    private const int Flags = 17;
    private const string Description = "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target><architecture>i386:x86-64</architecture><osabi>none</osabi></target>";

    private ReadOnlyMemory<byte> _input;
    private Task<ReadOnlyMemory<byte>>? _reading;

    /// <summary>Answers packets until there are no more.</summary>
    public async Task RunAsync()
    {
        while (await ReadPacketAsync() is string packet)
        {
            if (packet is "D" || packet.StartsWith("D;", StringComparison.Ordinal))
            {
                await SendAsync("OK");
                return;
            }
            if (packet is "k")
            {
                domain.Kill();
                return;
            }
            if (packet is ['c' or 's', ..])
            {
                domain.Resume(step: packet[0] == 's');
                string reason = await WaitForStopAsync();
                await SendAsync(reason);
                if (reason[0] is 'W' or 'X')
                    return;
                continue;
            }
            await SendAsync(Answer(packet));
        }
    }

    private string Answer(string packet)
    {
        try
        {
            return packet switch
            {
                "?" => "S05",
                "g" => ReadRegisters(),
                ['G', .. string rest] => WriteRegisters(Convert.FromHexString(rest)),
                ['P', .. string rest] => WriteRegister(rest),
                ['m', .. string rest] => ReadMemory(rest),
                ['M', .. string rest] => WriteMemory(rest),
                ['H' or 'T', ..] => "OK",
                "qC" => "QC1",
                "qfThreadInfo" => "m1",
                "qsThreadInfo" => "l",
                "qAttached" => "1", // leaving gdb lets the domain go on
                _ when packet.StartsWith("qSupported", StringComparison.Ordinal) => string.Create(CultureInfo.InvariantCulture, $"PacketSize={LongestPacket:x};qXfer:features:read+"),
                _ when packet.StartsWith("qXfer:features:read:target.xml:", StringComparison.Ordinal) => "l" + Description,
                _ => "", // not known here
            };
        }
        catch (Exception problem) when (problem is FormatException or OverflowException or IndexOutOfRangeException or ArgumentException)
        {
            return "E01";
        }
    }

    private string ReadRegisters()
    {
        VcpuContext context = domain.Registers;
        return Convert.ToHexStringLower(Encode(ref context));
    }

    /// <summary>As gdb's i386:x86-64 has them without a description: general, rip, eflags, segments, x87, control words, SSE, mxcsr.</summary>
    private static unsafe byte[] Encode(ref VcpuContext context)
    {
        byte[] bytes = new byte[(17 * 8) + (7 * 4) + (8 * 10) + (8 * 4) + (16 * 16) + 4];
        int at = 0;
        void Put(byte[] value)
        {
            value.CopyTo(bytes, at);
            at += value.Length;
        }

        for (int i = 0; i < General.Length; i++)
            Put(BitConverter.GetBytes(i == StackPointer ? context.Rsp : context.General[General[i]]));
        Put(BitConverter.GetBytes(context.Rip));
        Put(BitConverter.GetBytes((uint)context.Rflags));
        foreach (int segment in Segments)
            Put(BitConverter.GetBytes((uint)(ushort)context.Segments[segment]));
        // FXSAVE: control words at 0, mxcsr at 24, x87 from 32 and SSE from 160, 16 bytes each.
        fixed (byte* fpu = context.Fpu)
        {
            ReadOnlySpan<byte> state = new(fpu, 512);
            for (int i = 0; i < 8; i++)
                Put(state.Slice(32 + (16 * i), 10).ToArray());
            Put(BitConverter.GetBytes((uint)BinaryPrimitives.ReadUInt16LittleEndian(state)));
            Put(BitConverter.GetBytes((uint)BinaryPrimitives.ReadUInt16LittleEndian(state[2..])));
            at += 6 * 4;
            Put(state.Slice(160, 16 * 16).ToArray());
            Put(state.Slice(24, 4).ToArray());
        }
        return bytes;
    }

    private string WriteRegisters(byte[] bytes)
    {
        VcpuContext context = domain.Registers;
        for (int i = 0; i <= InstructionPointer; i++)
            Set(ref context, i, BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8 * i)));
        Set(ref context, Flags, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8 * Flags)));
        domain.Registers = context;
        return "OK";
    }

    /// <summary>P n=value, in the target's order of bytes.</summary>
    private string WriteRegister(string text)
    {
        string[] parts = text.Split('=');
        int number = int.Parse(parts[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (number > Flags)
            return "E01";
        byte[] bytes = new byte[8];
        Convert.FromHexString(parts[1]).CopyTo(bytes, 0);
        VcpuContext context = domain.Registers;
        Set(ref context, number, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        domain.Registers = context;
        return "OK";
    }

    private static unsafe void Set(ref VcpuContext context, int number, ulong value)
    {
        switch (number)
        {
            case StackPointer:
                context.Rsp = value;
                break;
            case InstructionPointer:
                context.Rip = value;
                break;
            case Flags:
                context.Rflags = value;
                break;
            default:
                context.General[General[number]] = value;
                break;
        }
    }

    private string ReadMemory(string text)
    {
        (ulong address, int length) = Range(text);
        byte[] bytes = new byte[Math.Min(length, MostMemory)];
        int read = domain.Read(address, bytes);
        return read == 0 && length != 0 ? "E0e" : Convert.ToHexStringLower(bytes.AsSpan(0, read));
    }

    private string WriteMemory(string text)
    {
        string[] parts = text.Split(':');
        (ulong address, int length) = Range(parts[0]);
        byte[] bytes = Convert.FromHexString(parts[1]);
        return bytes.Length == length && domain.Write(address, bytes) == length ? "OK" : "E0e";
    }

    private static (ulong Address, int Length) Range(string text)
    {
        string[] parts = text.Split(',');
        return (ulong.Parse(parts[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), int.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    /// <summary>Waits until the domain has stopped, or stops it when gdb asks. Xen has no event for the first, so it is looked at.</summary>
    private async Task<string> WaitForStopAsync()
    {
        while (true)
        {
            Task end = ended();
            switch (domain.Look())
            {
                case DomainState.Stopped:
                    return "S05";
                case DomainState.Ended:
                    return "W00";
                case DomainState.Crashed or DomainState.Gone:
                    return "X06";
            }
            Task<ReadOnlyMemory<byte>> input = NextInput();
            if (await Task.WhenAny(end, input, Task.Delay(Interval, channel.Cancelled)) != input)
                continue;
            ReadOnlyMemory<byte> bytes = await TakeInputAsync();
            if (!bytes.IsEmpty && bytes.Span.IndexOf(Interrupt) < 0)
                continue;
            domain.Pause();
            return "S02";
        }
    }

    /// <summary>The next packet's content, acknowledged; null when the debugger has gone.</summary>
    private async Task<string?> ReadPacketAsync()
    {
        while (true)
        {
            byte? start = await ReadByteAsync();
            if (start is null)
                return null;
            if (start != '$')
                continue; // acknowledgements, and an interrupt of a domain that stands still already
            StringBuilder text = new();
            byte sum = 0;
            while (await ReadByteAsync() is byte next)
            {
                if (next == '#')
                {
                    string expected = $"{(char?)await ReadByteAsync()}{(char?)await ReadByteAsync()}";
                    bool isWhole = string.Equals(expected, sum.ToString("x2", CultureInfo.InvariantCulture), StringComparison.OrdinalIgnoreCase);
                    await channel.WriteAsync(StreamNumber.Output, new[] { (byte)(isWhole ? '+' : '-') }, channel.Cancelled);
                    if (isWhole)
                        return text.ToString();
                    break;
                }
                if (text.Length == LongestPacket)
                    return null;
                text.Append((char)next);
                sum += next;
            }
        }
    }

    private async Task SendAsync(string content)
    {
        byte sum = 0;
        foreach (char character in content)
            sum += (byte)character;
        await channel.WriteAsync(StreamNumber.Output, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${content}#{sum:x2}")), channel.Cancelled);
    }

    private async Task<byte?> ReadByteAsync()
    {
        if (_input.IsEmpty)
            _input = await TakeInputAsync();
        if (_input.IsEmpty)
            return null;
        byte first = _input.Span[0];
        _input = _input[1..];
        return first;
    }

    // One read is under way at a time; it may outlive a wait that something else has ended.
    private Task<ReadOnlyMemory<byte>> NextInput() => _reading ??= channel.ReadAsync(StreamNumber.Input, channel.Cancelled).AsTask();

    private async Task<ReadOnlyMemory<byte>> TakeInputAsync()
    {
        ReadOnlyMemory<byte> bytes = await NextInput();
        _reading = null;
        return bytes;
    }
}
