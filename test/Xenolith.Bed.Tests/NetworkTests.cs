using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Xenolith.Bed.Tests;

public sealed class NetworkTests(BedFixture fixture)
{
    private static readonly IPAddress Dom0 = IPAddress.Parse("10.0.2.15");

    [Fact]
    public async Task A_forwarded_port_carries_bytes_both_ways_and_each_side_ends_by_itself()
    {
        // The server reads to the end before it answers, so the client's end must get through.
        await using Listener listener = await Listener.StartAsync(fixture.Bed, 7001, "cat >/tmp/received; sha256sum </tmp/received; cat /tmp/received");
        await using PortForward forward = await fixture.Bed.ForwardTcpAsync(Dom0, 7001, Cancel);
        Assert.Equal(IPAddress.Loopback, forward.LocalEndPoint.Address);

        byte[] sent = RandomNumberGenerator.GetBytes(5_000_000);
        using TcpClient client = new();
        await client.ConnectAsync(forward.LocalEndPoint, Cancel);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(sent, Cancel);
        client.Client.Shutdown(SocketShutdown.Send);
        MemoryStream received = new();
        await stream.CopyToAsync(received, Cancel);
        string sum = Convert.ToHexStringLower(SHA256.HashData(sent)) + "  -\n";
        Assert.Equal(sum, Encoding.ASCII.GetString(received.ToArray(), 0, sum.Length));
        Assert.Equal(sent, received.ToArray()[sum.Length..]);
    }

    [Fact]
    public async Task A_connection_to_a_port_that_nobody_listens_on_is_closed()
    {
        await using PortForward forward = await fixture.Bed.ForwardTcpAsync(Dom0, 7999, Cancel);
        using TcpClient client = new();
        await client.ConnectAsync(forward.LocalEndPoint, Cancel);
        try
        {
            Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1], Cancel));
        }
        catch (IOException exception)
        {
            Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(exception.InnerException).SocketErrorCode);
        }

        BedException error = await Assert.ThrowsAsync<BedException>(() => fixture.Bed.ConnectTcpAsync(Dom0, 7999, Cancel));
        Assert.Contains("refused", error.Message);
    }

    [Fact]
    public async Task A_Linux_guest_with_a_disk_and_an_interface_is_reached_through_a_forwarded_port()
    {
        LinuxGuest linux = await BedBuilder.GetLinuxGuestAsync(cancellationToken: Cancel);
        string folder = Directory.CreateTempSubdirectory("xenolith-bed-test-").FullName;
        try
        {
            string ramdisk = Path.Combine(folder, "initrd");
            await using (FileStream output = File.Create(ramdisk))
                WriteGuestFiles(new CpioArchive(output), linux);
            string disk = Path.Combine(folder, "disk");
            await File.WriteAllBytesAsync(disk, [.. "from the host\n"u8, .. new byte[4096 - 14]], Cancel);

            await using Domain guest = await fixture.Bed.CreateDomainAsync(
                new()
                {
                    ImagePath = linux.KernelPath,
                    RamdiskPath = ramdisk,
                    Memory = 128,
                    CommandLine = "console=hvc0 quiet panic=1 lpj=4000000 tsc=reliable",
                    Disks = [new() { HostPath = disk }, new() { EmptySize = 1 << 20 }],
                    Interfaces = [new() { MacAddress = "00:16:3e:00:00:20" }],
                },
                Cancel);
            await guest.Console.WaitForLineAsync("serving", cancellationToken: Cancel);
            await using PortForward forward = await fixture.Bed.ForwardTcpAsync(IPAddress.Parse("10.0.2.20"), 7, Cancel);
            using (TcpClient client = new())
            {
                await client.ConnectAsync(forward.LocalEndPoint, Cancel);
                using StreamReader reader = new(client.GetStream());
                Assert.Equal("from the host", await reader.ReadLineAsync(Cancel));
                Assert.Equal("2048 sectors", await reader.ReadLineAsync(Cancel));
            }

            // The server ends when it learns that the client has.
            Assert.Equal(ShutdownReason.Poweroff, (await guest.WaitForShutdownAsync(cancellationToken: Cancel)).Reason);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void WriteGuestFiles(CpioArchive archive, LinuxGuest linux)
    {
        archive.AddFile("init", """
            #!/busybox sh
            /busybox --install -s /bin
            mount -t proc proc /proc
            mount -t sysfs sysfs /sys
            mount -t devtmpfs dev /dev
            exec </dev/hvc0 >/dev/hvc0 2>&1
            insmod /modules/xen-blkfront.ko
            insmod /modules/xen-netfront.ko
            until [ -b /dev/xvda ] && [ -b /dev/xvdb ]; do usleep 20000; done
            ip addr add 10.0.2.20/24 dev eth0
            ip link set eth0 up
            { head -n 1 /dev/xvda; echo "$(cat /sys/block/xvdb/size) sectors"; } >/answer
            nc -l -p 7 </answer &
            until grep -q ':0007 0*:0000 0A' /proc/net/tcp /proc/net/tcp6; do usleep 20000; done
            echo serving
            wait
            poweroff -f

            """, executable: true);
        archive.AddFile("busybox", File.ReadAllBytes(linux.BusyboxPath), executable: true);
        foreach (string directory in new[] { "bin", "proc", "sys", "dev" })
            archive.AddDirectory(directory);
        foreach (string module in Directory.GetFiles(linux.ModulesDirectory))
            archive.AddFile($"modules/{Path.GetFileName(module)}", File.ReadAllBytes(module));
        archive.Finish();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A server in dom0 that runs a line of shell for one connection.</summary>
    private sealed class Listener(Task<CommandResult> command) : IAsyncDisposable
    {
        public static async Task<Listener> StartAsync(TestBed bed, int port, string line)
        {
            Task<CommandResult> command = bed.RunShellAsync($"nc -l -p {port} -e /bin/sh -c '{line}'", Cancel);
            string hexadecimal = port.ToString("X4");
            await bed.RunShellAsync($"until grep -q ':{hexadecimal} 0*:0000 0A' /proc/net/tcp /proc/net/tcp6; do :; done", Cancel);
            return new(command);
        }

        public async ValueTask DisposeAsync() => await command;
    }
}
