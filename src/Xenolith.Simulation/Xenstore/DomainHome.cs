using System.Text;
using Xenolith.Xenstore;

namespace Xenolith.Simulation.Xenstore;

/// <summary>
/// The nodes that a toolstack makes for a domain before it starts, with what the domain may do with each (as libxl of Xen 4.17 does, libxl_create.c,
/// <c>libxl__domain_make</c>).
/// </summary>
internal static class DomainHome
{
    /// <summary>Nodes of the home that belong to the domain.</summary>
    private static readonly string[] s_writable =
    [
        "control/shutdown",
        "control/feature-poweroff",
        "control/feature-reboot",
        "control/feature-suspend",
        "control/sysrq",
        "data",
        "drivers",
        "feature",
        "attr",
        "error",
    ];

    /// <summary>Nodes of the home that the domain may read, with their values.</summary>
    private static readonly (string Path, string Value)[] s_readable =
    [
        ("cpu/0/availability", "online"),
        ("memory/static-max", "32768"), // KiB: that of SimulatedFigures
        ("memory/target", "32768"),
        ("device", ""),
        ("control", ""),
        ("control/platform-feature-multiprocessor-suspend", "1"),
        ("control/platform-feature-xs_reset_watches", "1"),
        ("store/port", "1"),
        ("store/ring-ref", "1044476"), // 0xfeffc, where Xen's toolstack puts it
    ];

    /// <summary>What goes with a domain, whoever owns it.</summary>
    internal static string[] PathsOf(int domainId) => [XenstorePath.ForDomain(domainId), VmPath(domainId), $"/libxl/{domainId}"];

    internal static void Create(StoreTree tree, ushort domainId, string name)
    {
        string home = XenstorePath.ForDomain(domainId), vm = VmPath(domainId);
        XenstorePermissions privileged = new(0, XenstoreAccess.None);
        XenstorePermissions readable = new(0, XenstoreAccess.None, new XenstorePermission(domainId, XenstoreAccess.Read));
        XenstorePermissions writable = new(domainId, XenstoreAccess.None);
        if (domainId == 0)
            readable = writable = privileged;

        Add(home, "", readable);
        Add(vm, "", readable);
        Add($"/libxl/{domainId}", "", privileged);
        Add($"{home}/vm", vm, readable);
        Add($"{home}/name", name, readable);
        Add($"{home}/domid", $"{domainId}", readable);
        Add($"{vm}/name", name, readable);
        foreach ((string path, string value) in s_readable)
            Add($"{home}/{path}", value, readable);
        foreach (string path in s_writable)
            Add($"{home}/{path}", "", writable);

        void Add(string path, string value, XenstorePermissions permissions)
        {
            if (tree.Find(path) is null)
                tree.Create(path, default, owner: null); // with the permissions of what is above
            tree.Set(path, tree.Nodes[path] with { Value = Encoding.UTF8.GetBytes(value), Permissions = permissions });
        }
    }

    /// <summary>Where what belongs to the machine rather than to its present number is kept. A real one is named by a random UUID.</summary>
    private static string VmPath(int domainId) => $"/vm/00000000-0000-4000-8000-{domainId:x12}";
}
