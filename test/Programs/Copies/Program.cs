// Draws random numbers of every kind first thing after each resume, before any hook runs, and writes them to data/drawn: two copies of this memory
// must not draw the same. Random.Shared does, which shows that they are copies.
using System.Security.Cryptography;
using Xenolith;

XenPlatform platform = XenPlatform.Current;
using SemaphoreSlim resumed = new(0);
// All generators are in use before: a first use would be seeded then.
string[] drawn = [];
Thread drawing = new(() =>
{
    while (true)
    {
        drawn = Draw();
        resumed.Wait();
    }
})
{ IsBackground = true };
drawing.Start();
Draw();

// Called before the hooks, on the thread that has resumed the domain.
Generation generation = platform.Generation;
string atOnce = "";
using CancellationTokenRegistration ended = generation.Ended.Register(() => atOnce = string.Join(' ', Draw().Take(2)));
using IDisposable hook = platform.Hooks.OnSuspend(null, async (_, cancellation) =>
{
    drawn = [];
    resumed.Release();
    while (Volatile.Read(ref drawn).Length == 0)
        await Task.Delay(1, cancellation);
    await platform.Xenstore.WriteAsync("data/drawn", $"{atOnce} {string.Join(' ', drawn)}", cancellation);
});
await using IAsyncDisposable allowed = await platform.Lifecycle.AllowSuspendAsync();
Console.WriteLine("working");
await Task.Delay(Timeout.Infinite);
return 0;

static string[] Draw()
{
    byte[] urandom = new byte[8];
    using (FileStream device = File.OpenRead("/dev/urandom"))
        device.ReadExactly(urandom);
    return [RandomNumberGenerator.GetHexString(16), $"{Guid.NewGuid():N}", Convert.ToHexString(urandom), $"{Random.Shared.NextInt64():x}"];
}
