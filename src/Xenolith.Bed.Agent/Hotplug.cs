using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Xenolith.Bed.Agent;

/// <summary>
/// The scripts that libxl runs when it adds or removes a back end: the agent under the name <c>block</c> or <c>vif-bridge</c>.
/// They do what Debian's shell scripts do for a plain file, block device or bridge, in a tenth of the (emulated) time.
/// </summary>
internal static class Hotplug
{
    private const int LoopSetFile = 0x4C00;
    private const int LoopClearFile = 0x4C01;
    private const int LoopControlGetFree = 0x4C82;
    private const int BridgeAddInterface = 0x89A2;
    private const int GetInterfaceFlags = 0x8913;
    private const int SetInterfaceFlags = 0x8914;
    private const short InterfaceUp = 1;

    public static async Task<int> RunAsync(string script, string[] arguments)
    {
        string backend = Environment.GetEnvironmentVariable("XENBUS_PATH") ?? throw new InvalidOperationException("XENBUS_PATH is not set.");
        using XenstoreClient store = new();
        try
        {
            switch (script, arguments.FirstOrDefault())
            {
                case ("block", "add"):
                    await AddDiskAsync(store, backend);
                    break;
                case ("block", "remove"):
                    await RemoveDiskAsync(store, backend);
                    return 0;
                case ("vif-bridge", "online" or "add"):
                    await AddInterfaceAsync(store, backend);
                    break;
                default:
                    return 0;
            }

            await store.WriteAsync($"{backend}/hotplug-status", "connected");
            return 0;
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            await store.WriteAsync($"{backend}/hotplug-error", exception.Message);
            await store.WriteAsync($"{backend}/hotplug-status", "error");
            Console.Error.WriteLine($"{script}: {exception.Message}");
            return 1;
        }
    }

    private static async Task AddDiskAsync(XenstoreClient store, string backend)
    {
        string path = await store.ReadAsync($"{backend}/params") ?? throw new InvalidOperationException("The disk names no file.");
        bool readOnly = await store.ReadAsync($"{backend}/mode") is string mode && !mode.Contains('w', StringComparison.Ordinal);
        string device = IsBlockDevice(path) ? path : AttachLoop(path, readOnly);
        (uint major, uint minor) = DeviceNumber(device);
        await store.WriteAsync($"{backend}/node", device);
        await store.WriteAsync($"{backend}/physical-device-path", device);
        await store.WriteAsync($"{backend}/physical-device", string.Create(CultureInfo.InvariantCulture, $"{major:x}:{minor:x}"));
    }

    private static async Task RemoveDiskAsync(XenstoreClient store, string backend)
    {
        if (await store.ReadAsync($"{backend}/node") is not string device || !device.StartsWith("/dev/loop", StringComparison.Ordinal))
            return;
        using FileStream loop = new(device, FileMode.Open, FileAccess.Read);
        Native.Ioctl((int)loop.SafeFileHandle.DangerousGetHandle(), LoopClearFile, 0);
    }

    private static async Task AddInterfaceAsync(XenstoreClient store, string backend)
    {
        string name = Environment.GetEnvironmentVariable("vif") ?? throw new InvalidOperationException("vif is not set.");
        string bridge = await store.ReadAsync($"{backend}/bridge") ?? throw new InvalidOperationException("The interface names no bridge.");
        JoinBridge(name, bridge);
    }

    private static unsafe void JoinBridge(string name, string bridge)
    {
        int socket = Native.Check(Native.Socket(2, 2, 0), "socket");
        // struct ifreq: the name in 16 bytes, then a union whose first bytes are used here.
        byte* request = stackalloc byte[40];
        SetName(request, bridge);
        *(int*)(request + 16) = (int)Native.InterfaceIndex(name);
        Native.Check(Native.Ioctl(socket, BridgeAddInterface, (nint)request), $"adding {name} to {bridge}");
        SetName(request, name);
        Native.Check(Native.Ioctl(socket, GetInterfaceFlags, (nint)request), name);
        *(short*)(request + 16) |= InterfaceUp;
        Native.Check(Native.Ioctl(socket, SetInterfaceFlags, (nint)request), $"bringing {name} up");
        Native.Close(socket);
    }

    private static unsafe void SetName(byte* request, string name)
    {
        new Span<byte>(request, 40).Clear();
        Encoding.ASCII.GetBytes(name, new Span<byte>(request, 15));
    }

    private static bool IsBlockDevice(string path) => path.StartsWith("/dev/", StringComparison.Ordinal);

    private static string AttachLoop(string path, bool readOnly)
    {
        using FileStream file = new(path, FileMode.Open, readOnly ? FileAccess.Read : FileAccess.ReadWrite, FileShare.ReadWrite);
        using FileStream control = new("/dev/loop-control", FileMode.Open, FileAccess.ReadWrite);
        while (true)
        {
            int number = Native.Check(Native.Ioctl((int)control.SafeFileHandle.DangerousGetHandle(), LoopControlGetFree, 0), "loop-control");
            string device = $"/dev/loop{number}";
            using FileStream loop = new(device, FileMode.Open, readOnly ? FileAccess.Read : FileAccess.ReadWrite, FileShare.ReadWrite);
            if (Native.Ioctl((int)loop.SafeFileHandle.DangerousGetHandle(), LoopSetFile, file.SafeFileHandle.DangerousGetHandle()) == 0)
                return device;
            const int busy = 16; // EBUSY: another script took the device between the two calls.
            if (Marshal.GetLastPInvokeError() != busy)
                Native.Check(-1, $"attaching {path} to {device}");
        }
    }

    private static (uint Major, uint Minor) DeviceNumber(string device)
    {
        string[] parts = File.ReadAllText($"/sys/class/block/{Path.GetFileName(device)}/dev").Trim().Split(':');
        return (uint.Parse(parts[0], CultureInfo.InvariantCulture), uint.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
