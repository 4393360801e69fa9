using System.Globalization;
using Xenolith.Grants;
using Xenolith.Lifecycle;
using Xenolith.Simulation;
using Xenolith.Xenbus;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Xenbus;

/// <summary>
/// A host with the two ends of one device and programs that use it, to which things happen at chosen moments; and what must hold whatever happens.
/// </summary>
internal sealed class EchoWorld : IDisposable
{
    private const int Programs = 3, RequestsOfEach = 5;

    private static readonly Dictionary<XenbusState, XenbusState[]> s_frontend = new()
    {
        [XenbusState.Initialising] = [XenbusState.Initialised, XenbusState.Closed],
        [XenbusState.Initialised] = [XenbusState.Connected, XenbusState.Closing, XenbusState.Closed],
        [XenbusState.Connected] = [XenbusState.Closing, XenbusState.Closed],
        [XenbusState.Closing] = [XenbusState.Closed],
        [XenbusState.Closed] = [XenbusState.Initialising],
    };

    private static readonly Dictionary<XenbusState, XenbusState[]> s_backend = new()
    {
        [XenbusState.Initialising] = [XenbusState.InitWait, XenbusState.Closed],
        [XenbusState.InitWait] = [XenbusState.Connected, XenbusState.Closing, XenbusState.Closed],
        [XenbusState.Connected] = [XenbusState.Closing, XenbusState.Closed],
        [XenbusState.Closing] = [XenbusState.Closed],
        [XenbusState.Closed] = [XenbusState.Initialising],
    };

    private readonly Dictionary<string, XenbusState> _states = [];
    private readonly List<string> _badTransitions = [];
    private readonly Dictionary<int, int> _executed = [];
    private readonly List<(SimulatedDomain Domain, Task Run)> _backends = [];
    private readonly List<EchoBackend> _attached = [];
    private readonly List<Task> _suspensions = [];
    private readonly Random _random;
    private readonly ushort[] _numbers;
    private readonly EchoFrontend _frontend;
    private int _renumbered;
    private bool _isEnding;

    /// <param name="seed">The order of everything.</param>
    /// <param name="migrations">How often the front end's domain gets another number at most.</param>
    internal EchoWorld(int seed, int migrations = 1)
    {
        Hypervisor = new SimulatedHypervisor(new SimulationOptions { Seed = seed, TimeLimit = TimeSpan.FromHours(2) });
        _random = new Random(seed);
        Zero = Hypervisor.CreateDomain();
        Front = Hypervisor.CreateDomain();
        Back = Hypervisor.CreateDomain();
        _numbers = [Front.Id, .. Enumerable.Range(50, migrations).Select(number => (ushort)number)];
        _frontend = new EchoFrontend(Front.Platform, () => Moment?.Invoke());
        Hypervisor.Xenstored.Changed += Note;
    }

    internal SimulatedHypervisor Hypervisor { get; }

    internal SimulatedDomain Zero { get; }

    internal SimulatedDomain Front { get; }

    internal SimulatedDomain Back { get; private set; }

    /// <summary>What happens between any two operations of the front end, beside the steps of the simulation.</summary>
    internal Action? Moment { get; set; }

    /// <summary>Whether the programs are at work: from the first step of the front end to the answer to the last request.</summary>
    internal bool IsAtWork { get; private set; }

    /// <summary>Whether the front end may fail for want of something, and is started again then.</summary>
    internal bool HasFaults { get; set; }

    public void Dispose() => Hypervisor.Dispose();

    /// <summary>The domain is restored in the same place or, while there are numbers left, in another.</summary>
    internal void Resume(bool elsewhere)
    {
        if (_isEnding)
            return;
        if (elsewhere && _renumbered + 1 < _numbers.Length)
            Front.SuspendAndResume(_numbers[++_renumbered]);
        else
            Front.SuspendAndResume();
    }

    /// <summary>The domain suspends itself, and nothing comes of it.</summary>
    internal void SuspendInVain(XenError error)
    {
        Front.Suspension = new SimulatedSuspension(SuspendOutcome.Cancelled, Error: error);
        _suspensions.Add(SuspendAsync());

        async Task SuspendAsync()
        {
            if (error == XenError.None)
                Assert.Equal(SuspendOutcome.Cancelled, await Front.Platform.Lifecycle.SuspendAsync());
            else
                Assert.Equal(error, (await Assert.ThrowsAsync<XenException>(Front.Platform.Lifecycle.SuspendAsync)).Error);
        }
    }

    /// <summary>The back end's domain dies, and the toolstack has another one take its place.</summary>
    internal void KillBackend()
    {
        if (_isEnding)
            return;
        Back.Destroy();
        Back = Hypervisor.CreateDomain();
        _suspensions.Add(ServeAsync(Back));
    }

    /// <summary>The back end's driver closes its connections and begins anew.</summary>
    internal void RestartBackend()
    {
        foreach (EchoBackend backend in _attached)
            backend.Attachment.Close();
    }

    /// <summary>Runs the programs to their end, and holds everything against what must be.</summary>
    internal void Run()
    {
        Hypervisor.Run(async () =>
        {
            await ServeAsync(Back);
            IsAtWork = true;
            Task front = RunFrontendAsync();
            int[] outcomes = new int[3];
            await WhenAllAsync([.. Enumerable.Range(0, Programs).Select(program => UseAsync(program, outcomes))]);
            IsAtWork = false;
            Front.Faults.Clear();
            Back.Faults.Clear();
            Assert.Equal(Programs * RequestsOfEach, outcomes.Sum());
            await WhenAllAsync([.. _suspensions]);

            // Whatever has happened: now it works.
            Assert.Equal(EchoBackend.Answer(1_000_000), await AskAgainAsync(1_000_000));
            _isEnding = true;
            _frontend.Attachment.Close();
            await front;
            Assert.Equal("6", await Zero.Platform.Xenstore.ReadAsync($"/local/domain/{Front.Id}/device/echo/0/state"));
            foreach (EchoBackend backend in _attached)
                backend.Attachment.Close();
            await WhenAllAsync([.. _backends.Where(backend => backend.Domain.IsAlive).Select(backend => backend.Run)]);
            await Task.Delay(TimeSpan.FromMinutes(2), Hypervisor.Time); // in which what was busy is reclaimed
            RequireThatNothingIsLeft();
        });
        Assert.Empty(_badTransitions);
        foreach ((int number, int times) in _executed.Where(number => IsOnce(number.Key)))
            Assert.True(times == 1, $"{number} was carried out {times} times");
    }

    private static bool IsOnce(int number) => number % 2 == 0;

    private async Task UseAsync(int program, int[] outcomes)
    {
        for (int i = 0; i < RequestsOfEach; i++)
        {
            int number = (100 * (program + 1)) + i;
            try
            {
                Assert.Equal(EchoBackend.Answer(number), await _frontend.AskAsync(number, canBeRepeated: !IsOnce(number)));
                Assert.True(_executed.GetValueOrDefault(number) > 0, "answered, and not carried out");
                outcomes[0]++;
            }
            catch (EchoInterruptedException)
            {
                Assert.True(IsOnce(number), "a request that may be made again was given up");
                outcomes[1]++;
            }
            catch (EchoFailedException) when (HasFaults)
            {
                Assert.False(IsOnce(number) && _executed.ContainsKey(number), "said not to have been carried out");
                outcomes[2]++;
            }
        }
    }

    private async Task<int> AskAgainAsync(int number)
    {
        while (true)
        {
            try
            {
                return await _frontend.AskAsync(number + 1, canBeRepeated: true) - 2;
            }
            catch (EchoFailedException) when (HasFaults)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), Hypervisor.Time);
            }
        }
    }

    private async Task RunFrontendAsync()
    {
        while (true)
        {
            try
            {
                await _frontend.RunAsync(CancellationToken.None);
                return;
            }
            catch (Exception error) when (HasFaults && error is XenException or InsufficientMemoryException)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), Hypervisor.Time);
            }
        }
    }

    /// <summary>
    /// Has a domain serve the front end under all the numbers that it will have: a toolstack makes the nodes before it resumes a domain.
    /// </summary>
    private async Task ServeAsync(SimulatedDomain back)
    {
        foreach (ushort number in _numbers[_renumbered..])
        {
            await AddDeviceAsync(number, back);
            EchoBackend backend = new(back.Platform, number, _random, asked =>
            {
                if (back.IsAlive)
                    _executed[asked] = _executed.GetValueOrDefault(asked) + 1;
            });
            _attached.Add(backend);
            _backends.Add((back, RunBackendAsync(back, backend)));
        }
    }

    private async Task RunBackendAsync(SimulatedDomain back, EchoBackend backend)
    {
        while (back.IsAlive)
        {
            try
            {
                await backend.Attachment.RunAsync(CancellationToken.None);
            }
            catch (Exception error) when (!back.IsAlive || error is XenException or XenbusException)
            {
                // The domain was destroyed; or the front end has withdrawn what it had published, and comes again.
            }
            if (_isEnding)
                return;
            backend = new EchoBackend(back.Platform, backend);
            _attached.Add(backend);
        }
    }

    private async Task AddDeviceAsync(ushort number, SimulatedDomain back)
    {
        string front = $"/local/domain/{number}/device/echo/0", behind = $"/local/domain/{back.Id}/backend/echo/{number}/0";
        XenstorePermissions frontOwns = new(number, XenstoreAccess.None, new XenstorePermission(back.Id, XenstoreAccess.Read));
        XenstorePermissions backOwns = new(back.Id, XenstoreAccess.None, new XenstorePermission(number, XenstoreAccess.Read));
        await Zero.Platform.Xenstore.RunTransactionAsync(async transaction =>
        {
            if (!back.IsAlive)
                return; // meanwhile; another is taking its place
            await transaction.RemoveAsync(front);
            await AddAsync(front, "", frontOwns);
            await AddAsync($"{front}/backend", behind, frontOwns);
            await AddAsync($"{front}/backend-id", $"{back.Id}", frontOwns);
            await AddAsync($"{front}/state", "1", frontOwns);
            await AddAsync(behind, "", backOwns);
            await AddAsync($"{behind}/frontend", front, backOwns);
            await AddAsync($"{behind}/frontend-id", $"{number}", backOwns);
            await AddAsync($"{behind}/online", "1", backOwns);
            await AddAsync($"{behind}/state", "1", backOwns);
            _states.Remove($"{front}/state");

            async Task AddAsync(string path, string value, XenstorePermissions permissions)
            {
                await transaction.WriteAsync(path, value);
                await transaction.SetPermissionsAsync(path, permissions);
            }
        });
    }

    private void Note(string path, string? value)
    {
        bool isFront = path.Contains("/device/echo/", StringComparison.Ordinal);
        if (!path.EndsWith("/state", StringComparison.Ordinal) || !(isFront || path.Contains("/backend/echo/", StringComparison.Ordinal)))
            return;
        if (value is null)
        {
            _states.Remove(path);
            return;
        }
        XenbusState now = (XenbusState)int.Parse(value, CultureInfo.InvariantCulture);
        if (_states.TryGetValue(path, out XenbusState before) && before != now && !(isFront ? s_frontend : s_backend)[before].Contains(now))
            _badTransitions.Add($"{path}: {before} -> {now}, step {Hypervisor.Steps}");
        _states[path] = now;
    }

    private void RequireThatNothingIsLeft()
    {
        foreach (SimulatedDomain domain in (SimulatedDomain[])[Front, Back])
        {
            GrantStatistics grants = domain.Platform.Grants.GetStatistics();
            Assert.Equal((0, 0, 0, 0, 0), (grants.Granted, grants.Reserved, grants.Reclaiming, grants.Pages, grants.MappedPages));
            Assert.Equal(1, domain.Platform.EventChannels.OpenCount); // xenstore's
        }
        Assert.Equal((0, 0), (Hypervisor.Xenstored.WatchCount, Hypervisor.Xenstored.TransactionCount));
    }

    /// <summary>As <c>Task.WhenAll</c>, within the simulation's order.</summary>
    private static async Task WhenAllAsync(Task[] tasks)
    {
        foreach (Task task in tasks)
            await task;
    }
}
