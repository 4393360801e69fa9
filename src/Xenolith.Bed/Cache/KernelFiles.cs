using System.Formats.Tar;

namespace Xenolith.Bed.Cache;

/// <summary>The unpacked kernel and some modules out of a linux-image package.</summary>
/// <param name="Kernel">The ELF kernel.</param>
/// <param name="Modules">The modules' contents, by their path below the kernel's folder without ".ko".</param>
internal sealed record KernelFiles(byte[] Kernel, IReadOnlyDictionary<string, byte[]> Modules)
{
    public static async Task<KernelFiles> ReadAsync(string package, IReadOnlyList<string> modules, CancellationToken cancellationToken)
    {
        byte[]? image = null;
        Dictionary<string, byte[]> found = [];
        HashSet<string> wanted = [.. modules];
        await Apt.ReadAsync(
            package,
            entry =>
            {
                // ./boot/vmlinuz-VERSION and ./lib/modules/VERSION/kernel/PATH.ko
                string[] parts = entry.Name.Split('/', 6);
                if (parts is [_, "boot", ..] && parts[^1].StartsWith("vmlinuz-", StringComparison.Ordinal))
                    image = Content(entry);
                else if (parts is [_, "lib", "modules", _, "kernel", _] && Path.ChangeExtension(parts[5], null) is string module && wanted.Contains(module))
                    found[module] = Content(entry);
            },
            cancellationToken).ConfigureAwait(false);

        if (image is null || found.Count != wanted.Count)
            throw new BedException($"{Path.GetFileName(package)} lacks {(image is null ? "the kernel" : string.Join(", ", wanted.Except(found.Keys)))}.");
        return new(LinuxImage.Unpack(image), found);
    }

    /// <summary>A file's bytes.</summary>
    public static byte[] Content(TarEntry entry)
    {
        byte[] content = new byte[entry.Length];
        entry.DataStream?.ReadExactly(content);
        return content;
    }
}
