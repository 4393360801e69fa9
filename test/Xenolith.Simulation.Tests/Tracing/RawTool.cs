using System.Buffers.Binary;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Tracing;

namespace Xenolith.Tests.Tracing;

/// <summary>A tool that asks as it should, and then does as it likes.</summary>
internal sealed class RawTool
{
    private RawTool(ForeignMapping page, EventChannel channel)
    {
        Page = page;
        Channel = channel;
    }

    internal ForeignMapping Page { get; }

    internal EventChannel Channel { get; }

    internal static async Task<RawTool> ConnectAsync(TraceWorld world)
    {
        string node = $"{world.Requests}/raw";
        await world.Toolstack.WriteAsync(node, $"request 1 {(uint)TraceCategories.User} 128 1");
        string answer = (await world.Toolstack.WaitForValueAsync(node, value => value?.StartsWith("request", StringComparison.Ordinal) == false))!;
        string[] words = answer.Split(' ');
        Assert.Equal("serving", words[0]);
        RawTool tool = new(
            world.Zero.Platform.Grants.Map(new ForeignGrant(world.Traced.Id, uint.Parse(words[1])), GrantAccess.ReadWrite),
            world.Zero.Platform.EventChannels.BindInterdomain(world.Traced.Id, uint.Parse(words[2])));
        tool.Page.SetUnmapNotification(TraceProtocolOffsets.ReaderThere, tool.Channel);
        tool.Page.GetSpan()[TraceProtocolOffsets.ReaderThere] = 1;
        tool.Channel.Notify();
        await world.Delay(1);
        return tool;
    }

    internal void SetConsumer(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Page.GetSpan()[TraceProtocolOffsets.Consumer..], value);
        Channel.Notify();
    }

    /// <summary>What Linux does with the mappings and ports of a process that was killed.</summary>
    internal void Die()
    {
        ((IDisposable)Page).Dispose();
        Channel.Dispose();
    }
}

/// <summary>The first page as docs/tracing.md tells it.</summary>
internal static class TraceProtocolOffsets
{
    internal const int Magic = 0, Version = 4, Pages = 8, RecordBytes = 12, Consumer = 64, ReaderThere = 68, Producer = 128, WriterEnded = 132, References = 256;
}
