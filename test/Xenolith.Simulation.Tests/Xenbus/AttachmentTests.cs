using Xenolith.Simulation;
using Xenolith.Tests.Consoles;
using Xenolith.Xenbus;

namespace Xenolith.Tests.Xenbus;

/// <summary>How an attachment of a device begins and ends; what it does over a resume is in <see cref="AttachmentModelTests"/>.</summary>
public sealed class AttachmentTests : IDisposable
{
    private readonly ConsoleWorld _world = new();
    private readonly List<string> _log = [];

    public void Dispose() => _world.Dispose();

    [Fact]
    public void A_device_that_is_not_there_yet_is_waited_for_and_its_removal_is_the_end() => _world.Run(async () =>
    {
        Task front = Frontend().RunAsync(default), back = Backend().RunAsync(default);
        await _world.Delay(1);
        await _world.AddConsoleAsync(1);
        await _world.Delay(1);
        Assert.Equal((XenbusState.Connected, XenbusState.Connected), await _world.StatesAsync(1));
        await _world.RemoveConsoleAsync(1);
        await front;
        await back;
        Assert.Equal(["back connects", "back releases", "front connects", "front releases"], _log.Order());
    });

    [Fact]
    public void A_front_end_that_is_closed_while_it_waits_says_so() => _world.Run(async () =>
    {
        await _world.AddConsoleAsync(1);
        await _world.Toolstack.WriteAsync($"{_world.BackPath(1)}/state", "5"); // the back end never comes
        XenbusFrontend frontend = Frontend();
        Task run = frontend.RunAsync(default);
        await _world.Delay(1);
        frontend.Close();
        await run;
        Assert.Equal(XenbusState.Closed, (await _world.StatesAsync(1)).Front);
        Assert.Empty(_log);
    });

    [Fact]
    public void A_driver_that_fails_closes_the_device_and_its_error_is_told() => _world.Run(async () =>
    {
        await _world.AddConsoleAsync(1);
        Task back = Backend().RunAsync(default);
        Task front = Frontend(new FormatException("nonsense")).RunAsync(default);
        Assert.Equal("nonsense", (await Assert.ThrowsAsync<FormatException>(() => front)).Message);
        Assert.Equal("6", await _world.Toolstack.ReadAsync($"{_world.FrontPath(1)}/state"));
        await _world.RemoveConsoleAsync(1);
        await back;
    });

    [Fact]
    public void A_driver_that_has_enough_of_the_other_end_closes_in_order_and_its_error_is_told() => _world.Run(async () =>
    {
        await _world.AddConsoleAsync(1);
        Task back = Backend().RunAsync(default);
        XenbusFrontend frontend = Frontend();
        Task front = frontend.RunAsync(default);
        await _world.Delay(1);
        frontend.Fail(new FormatException("nonsense"));
        await Assert.ThrowsAsync<FormatException>(() => front);
        Assert.Equal(XenbusState.Closed, (await _world.StatesAsync(1)).Front);
        Assert.True(_log.IndexOf("back releases") < _log.IndexOf("front releases"));
        await _world.RemoveConsoleAsync(1);
        await back;
    });

    [Fact]
    public void A_device_that_the_toolstack_is_removing_is_not_begun_anew() => _world.Run(async () =>
    {
        await _world.AddConsoleAsync(1);
        Task front = Frontend().RunAsync(default), back = Backend().RunAsync(default);
        await _world.Delay(1);
        await _world.Toolstack.WriteAsync($"{_world.BackPath(1)}/online", "0");
        await _world.Toolstack.WriteAsync($"{_world.BackPath(1)}/state", "5"); // as libxl does
        await _world.Delay(10);
        Assert.Equal((XenbusState.Closed, XenbusState.Closed), await _world.StatesAsync(1));
        await _world.Toolstack.WriteAsync($"{_world.BackPath(1)}/online", "1"); // it has thought better of it
        await _world.Delay(10);
        Assert.Equal((XenbusState.Connected, XenbusState.Connected), await _world.StatesAsync(1));
        await _world.RemoveConsoleAsync(1);
        await front;
        await back;
    });

    [Fact]
    public void A_device_has_one_driver() => _world.Run(async () =>
    {
        XenbusFrontend frontend = Frontend();
        Task run = frontend.RunAsync(default);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Frontend().RunAsync(default));
        frontend.Close();
        await run;
    });

    [Fact]
    public void A_device_of_before_a_resume_is_written_no_more() => _world.Run(async () =>
    {
        await _world.AddConsoleAsync(1);
        XenbusDevice device = (await XenbusDevice.FindFrontendAsync(_world.Front.Platform, "console", 1))!;
        _world.Front.SuspendAndResume();
        await Assert.ThrowsAsync<StaleHandleException>(async () => await device.WriteAsync(XenbusState.Connected, default));
        await Assert.ThrowsAsync<StaleHandleException>(() => device.WriteAsync([new("port", "1")]));
        Assert.Equal("1", await _world.Toolstack.ReadAsync($"{_world.FrontPath(1)}/state"));
    });

    [Fact]
    public void A_device_in_whose_place_there_is_another_is_written_no_more() => _world.Run(async () =>
    {
        await _world.AddConsoleAsync(1);
        XenbusDevice device = (await XenbusDevice.FindFrontendAsync(_world.Front.Platform, "console", 1))!;
        await _world.RemoveConsoleAsync(1);
        await _world.AddConsoleAsync(1, back: _world.Zero);
        await device.WriteAsync(XenbusState.Closed, default);
        await Assert.ThrowsAsync<XenbusException>(() => device.WriteAsync([new("port", "1")]));
        Assert.Equal("1", await _world.Toolstack.ReadAsync($"{_world.FrontPath(1)}/state"));
    });

    private XenbusFrontend Frontend(Exception? failure = null) => new(_world.Front.Platform, "console", 1, _ => new Driver("front", _log, failure));

    private XenbusBackend Backend() => new(_world.Back.Platform, "console", _world.Front.Id, 1, _ => new Driver("back", _log, null));

    private sealed class Driver(string name, List<string> log, Exception? failure) : IXenbusDriver
    {
        public ValueTask PublishAsync(CancellationToken cancellationToken) => failure is null ? default : throw failure;

        public ValueTask ConnectAsync(CancellationToken cancellationToken)
        {
            log.Add($"{name} connects");
            return default;
        }

        public ValueTask ReleaseAsync()
        {
            log.Add($"{name} releases");
            return default;
        }
    }
}
