using Xenolith.Bed.Agent;

// Run under a hotplug script's name by libxl, and as process 1 by /init.
string role = Path.GetFileName(Environment.GetCommandLineArgs()[0]);
if (role is "block" or "vif-bridge")
    return await Hotplug.RunAsync(role, args);

// Requests block threads (programs' pipes, the port); with one processor the pool would add threads only slowly.
ThreadPool.SetMinThreads(64, 16);
try
{
    Inotify files = new();
    await ToolStack.StartAsync(files);
    using Port port = await ToolStack.OpenPortAsync(files);
    await new Server(port, new ExchangeDisk(), files).RunAsync();
}
catch (Exception exception)
{
    // Process 1 must not return: that would be a kernel panic without a word about why.
    Console.Error.WriteLine($"xenolith-bed-agent: {exception}");
}

// The host is gone, or nothing can be done for it.
const int powerOff = 0x4321FEDC;
Native.Sync();
return Native.Reboot(powerOff);
