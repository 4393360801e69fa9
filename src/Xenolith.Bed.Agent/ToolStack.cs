using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Xenolith.Bed.Protocol;

namespace Xenolith.Bed.Agent;

/// <summary>Brings dom0 from a bare kernel with its modules loaded to a working Xen tool stack, and finds the port to the host.</summary>
internal static class ToolStack
{
    private const string PortPath = "/dev/vport0p1";

    /// <summary>Starts xenstored, xenconsoled and the bridge.</summary>
    public static async Task StartAsync(Inotify files)
    {
        using (Inotify.FileWatch watch = files.Watch("/run/xenstored", Native.IN_CREATE | Native.IN_MOVED_TO))
        {
            Start("xenstored", "--no-fork");
            await ConnectAsync(watch);
        }

        Run("xen-init-dom0");
        Start("xenconsoled", "--interactive", "--log=guest", "--log-dir=/var/log/xen/console");
        Run("ip", "link", "set", "lo", "up");
        Run("brctl", "addbr", "xenbr0");
        Run("brctl", "addif", "xenbr0", "eth0");
        Run("ip", "link", "set", "eth0", "up");
        Run("ip", "addr", "add", "10.0.2.15/24", "dev", "xenbr0");
        Run("ip", "link", "set", "xenbr0", "up");
        Run("ip", "route", "add", "default", "via", "10.0.2.2");
    }

    /// <summary>Opens the virtio-serial port to the host, waiting for the kernel to find it.</summary>
    public static async Task<Port> OpenPortAsync(Inotify files)
    {
        using Inotify.FileWatch watch = files.Watch("/dev", Native.IN_CREATE);
        for (Task change = watch.NextChange; !File.Exists(PortPath); change = watch.NextChange)
            await change;
        string name = File.ReadAllText("/sys/class/virtio-ports/vport0p1/name").Trim();
        if (name != Wire.PortName)
            throw new IOException($"{PortPath} is the port '{name}', not '{Wire.PortName}'.");
        int descriptor = Native.Check(Native.Open(PortPath, Native.O_RDWR | Native.O_CLOEXEC), PortPath);
        return new Port(new SafeFileHandle(descriptor, ownsHandle: true));
    }

    private static async Task ConnectAsync(Inotify.FileWatch watch)
    {
        while (true)
        {
            Task change = watch.NextChange;
            if (!File.Exists(XenstoreClient.SocketPath))
            {
                await change;
                continue;
            }

            try
            {
                using XenstoreClient store = new();
                await store.ReadAsync("/");
                return;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
            {
                // Between the daemon's bind and its listen, a few instructions apart.
                await Task.Yield();
            }
        }
    }

    private static void Start(string program, params string[] arguments)
    {
        Process process = Process.Start(new ProcessStartInfo(program, arguments)) ?? throw new IOException($"{program} did not start.");
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => Console.Error.WriteLine($"xenolith-bed-agent: {program} ended with code {process.ExitCode}");
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)) ?? throw new IOException($"{program} did not start.");
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new IOException($"{program} {string.Join(' ', arguments)} ended with code {process.ExitCode}");
    }
}
