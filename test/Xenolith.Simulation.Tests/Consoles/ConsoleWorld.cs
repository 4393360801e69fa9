using System.Buffers.Binary;
using System.Globalization;
using Xenolith.Consoles;
using Xenolith.EventChannels;
using Xenolith.Grants;
using Xenolith.Simulation;
using Xenolith.Xenbus;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Consoles;

/// <summary>A host with a toolstack in domain 0, a domain that serves consoles, and one that has them.</summary>
internal sealed class ConsoleWorld : IDisposable
{
    internal ConsoleWorld(int seed = 1)
    {
        Hypervisor = new SimulatedHypervisor(new SimulationOptions { Seed = seed });
        Zero = Hypervisor.CreateDomain();
        Back = Hypervisor.CreateDomain();
        Front = Hypervisor.CreateDomain();
    }

    internal SimulatedHypervisor Hypervisor { get; }

    internal SimulatedDomain Zero { get; }

    internal SimulatedDomain Back { get; }

    internal SimulatedDomain Front { get; }

    internal XenstoreClient Toolstack => Zero.Platform.Xenstore;

    public void Dispose() => Hypervisor.Dispose();

    /// <summary>Runs a program, and then requires that neither domain has kept anything of a console.</summary>
    internal void Run(Func<Task> program, bool nothingIsLeft = true) => Hypervisor.Run(async () =>
    {
        // The shared client's channel stays; it is opened before counting.
        foreach (SimulatedDomain domain in (SimulatedDomain[])[Zero, Back, Front])
            await domain.Platform.Xenstore.ReadAsync("name");
        int[] channels = [.. Channels()];
        await program();
        if (!nothingIsLeft)
            return;
        await Task.Delay(TimeSpan.FromSeconds(30), Hypervisor.Time); // the reclamation's longest pause
        Assert.Equal(channels, Channels());
        foreach (SimulatedDomain domain in (SimulatedDomain[])[Back, Front])
        {
            GrantStatistics statistics = domain.Platform.Grants.GetStatistics();
            Assert.Equal((0, 0, 0, 0), (statistics.Granted, statistics.Reserved, statistics.Reclaiming, statistics.MappedPages));
        }

        IEnumerable<int> Channels() => [Back.Platform.EventChannels.OpenCount, Front.Platform.EventChannels.OpenCount];
    });

    /// <summary>Makes the nodes of a console as libxl does for an entry of <c>channel=</c>.</summary>
    internal async Task AddConsoleAsync(int id, string? name = null, SimulatedDomain? front = null, SimulatedDomain? back = null)
    {
        (front, back) = (front ?? Front, back ?? Back);
        string frontPath = FrontPath(id, front), backPath = BackPath(id, front, back);
        XenstorePermissions frontOwns = new(front.Id, XenstoreAccess.None, new XenstorePermission(back.Id, XenstoreAccess.Read));
        XenstorePermissions backOwns = new(back.Id, XenstoreAccess.None, new XenstorePermission(front.Id, XenstoreAccess.Read));
        await Toolstack.RunTransactionAsync(async transaction =>
        {
            await Add(frontPath, "", frontOwns);
            await Add($"{frontPath}/backend", backPath, frontOwns);
            await Add($"{frontPath}/backend-id", $"{back.Id}", frontOwns);
            await Add($"{frontPath}/state", "1", frontOwns);
            await Add(backPath, "", backOwns);
            await Add($"{backPath}/frontend", frontPath, backOwns);
            await Add($"{backPath}/frontend-id", $"{front.Id}", backOwns);
            await Add($"{backPath}/state", "1", backOwns);
            if (name is not null)
            {
                await Add($"{frontPath}/name", name, backOwns);
                await Add($"{backPath}/name", name, backOwns);
            }

            async Task Add(string path, string value, XenstorePermissions permissions)
            {
                await transaction.WriteAsync(path, value);
                await transaction.SetPermissionsAsync(path, permissions);
            }
        });
    }

    internal async Task RemoveConsoleAsync(int id)
    {
        await Toolstack.RemoveAsync(FrontPath(id));
        await Toolstack.RemoveAsync(BackPath(id));
    }

    internal string FrontPath(int id, SimulatedDomain? front = null) => $"/local/domain/{(front ?? Front).Id}/device/console/{id}";

    internal string BackPath(int id, SimulatedDomain? front = null, SimulatedDomain? back = null) =>
        $"/local/domain/{(back ?? Back).Id}/backend/console/{(front ?? Front).Id}/{id}";

    internal async Task<(XenbusState Front, XenbusState Back)> StatesAsync(int id) =>
        ((XenbusState)int.Parse((await Toolstack.ReadAsync($"{FrontPath(id)}/state"))!, CultureInfo.InvariantCulture),
            (XenbusState)int.Parse((await Toolstack.ReadAsync($"{BackPath(id)}/state"))!, CultureInfo.InvariantCulture));

    /// <summary>Both ends of a new console, connected.</summary>
    internal async Task<(XenConsole Front, XenConsoleBackend Back)> ConnectAsync(int id = 1, string? name = null, XenConsoleOptions? options = null)
    {
        await AddConsoleAsync(id, name);
        return await ConnectAgainAsync(id, options);
    }

    internal async Task<(XenConsole Front, XenConsoleBackend Back)> ConnectAgainAsync(int id, XenConsoleOptions? options = null)
    {
        Task<XenConsoleBackend> back = XenConsoleBackend.ServeAsync(Back.Platform, Front.Id, id, options);
        return (await XenConsole.OpenAsync(Front.Platform, id, options), await back);
    }

    internal Task Delay(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), Hypervisor.Time);

    /// <summary>Reads until the other end closes.</summary>
    internal static async Task<byte[]> ReadToEndAsync(Stream stream)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[500];
        while (await stream.ReadAsync(buffer) is int count and > 0)
            all.Write(buffer, 0, count);
        return all.ToArray();
    }
}

/// <summary>A back end that does the handshake and then as it likes.</summary>
internal sealed class RawBackend : IDisposable
{
    private RawBackend(ForeignMapping page, EventChannel channel)
    {
        Page = page;
        Channel = channel;
    }

    internal ForeignMapping Page { get; }

    internal EventChannel Channel { get; }

    internal static async Task<RawBackend> ConnectAsync(ConsoleWorld world, int id)
    {
        XenbusDevice device = (await XenbusDevice.FindBackendAsync(world.Back.Platform.Xenstore, "console", world.Front.Id, id))!;
        await device.WriteAsync(XenbusState.InitWait, default);
        for (XenbusState state = XenbusState.Unknown; state != XenbusState.Initialised;)
            state = await device.WaitForOtherThanAsync(state, default);
        ForeignGrant grant = new(world.Front.Id, await device.ReadOtherNumberAsync("ring-ref"));
        RawBackend back = new(
            world.Back.Platform.Grants.Map(grant, GrantAccess.ReadWrite),
            world.Back.Platform.EventChannels.BindInterdomain(world.Front.Id, await device.ReadOtherNumberAsync("port")));
        await device.WriteAsync(XenbusState.Connected, default);
        return back;
    }

    internal void SetIndex(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Page.GetSpan()[offset..], value);

    public void Dispose()
    {
        Channel.Dispose();
        ((IDisposable)Page).Dispose();
    }
}
