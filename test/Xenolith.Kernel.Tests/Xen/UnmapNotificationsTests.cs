using System.Runtime.InteropServices;
using Xenolith.Kernel.Xen;

namespace Xenolith.Kernel.Tests.Xen;

public sealed unsafe class UnmapNotificationsTests : IDisposable
{
    private const int Mappings = 3;

    private readonly ForeignMapping* mappings = (ForeignMapping*)NativeMemory.AllocZeroed(Mappings, (nuint)sizeof(ForeignMapping));
    private readonly byte* bytes = (byte*)NativeMemory.Alloc(Mappings);
    private UnmapNotifications notifications;

    public UnmapNotificationsTests() => new Span<byte>(bytes, Mappings).Fill(1);

    public void Dispose()
    {
        NativeMemory.Free(mappings);
        NativeMemory.Free(bytes);
    }

    [Fact]
    public void A_wish_is_done_once()
    {
        notifications.Set(mappings, bytes, 4);
        Assert.Equal(1, bytes[0]);
        Assert.Equal(4u, notifications.Complete(mappings));
        Assert.Equal(0, bytes[0]);
        bytes[0] = 1;
        Assert.Equal(ForeignMapping.NoPort, notifications.Complete(mappings));
        Assert.Equal(1, bytes[0]);
    }

    [Fact]
    public void A_later_wish_takes_the_place_of_the_earlier_one()
    {
        notifications.Set(mappings, bytes, 4);
        notifications.Set(mappings, null, 5);
        Assert.Equal(5u, notifications.Complete(mappings));
        Assert.Equal(1, bytes[0]);
        notifications.Set(mappings, bytes, 4);
        notifications.Set(mappings, null, ForeignMapping.NoPort);
        Assert.True(notifications.First == null);
    }

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(1, 0, 2)]
    [InlineData(2, 1, 0)]
    [InlineData(2, 0, 1)]
    public void Mappings_end_in_any_order(int first, int second, int third)
    {
        for (int i = 0; i < Mappings; i++)
            notifications.Set(mappings + i, bytes + i, (uint)i + 1);
        foreach (int i in (int[])[first, second, third])
        {
            Assert.True(notifications.First != null);
            Assert.Equal((uint)i + 1, notifications.Complete(mappings + i));
            Assert.Equal(0, bytes[i]);
        }
        Assert.True(notifications.First == null);
    }

    [Fact]
    public void The_end_of_the_program_finds_every_wish()
    {
        for (int i = 0; i < Mappings; i++)
            notifications.Set(mappings + i, bytes + i, (uint)i + 1);
        notifications.Remove(mappings + 1);
        uint ports = 0;
        while (notifications.First != null)
            ports += notifications.Complete(notifications.First);
        Assert.Equal(1u + 3, ports);
        Assert.Equal([0, 1, 0], new ReadOnlySpan<byte>(bytes, Mappings).ToArray());
    }
}
