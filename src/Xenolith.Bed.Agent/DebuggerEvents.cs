using System.Runtime.InteropServices;

namespace Xenolith.Bed.Agent;

/// <summary>Xen's interrupt for the control domain when a debugged domain has stopped. There is one for all domains, so whoever is told looks at its own.</summary>
internal sealed partial class DebuggerEvents
{
    private const uint VirqDebugger = 6;

    public DebuggerEvents()
    {
        nint handle = EventChannels.Open(0, 0);
        int port = handle == 0 ? -1 : EventChannels.BindVirq(handle, VirqDebugger);
        if (port < 0)
            throw new IOException("Xen's debugger interrupt cannot be bound.");
        new Thread(() =>
        {
            // Blocks until there is one, for as long as the agent runs.
            while (EventChannels.Pending(handle) >= 0)
            {
                EventChannels.Unmask(handle, (uint)port);
                Stopped.Set();
            }
        })
        { IsBackground = true }.Start();
    }

    /// <summary>Set when some debugged domain has stopped.</summary>
    public Signal Stopped { get; } = new();

    private static partial class EventChannels
    {
        private const string Library = "libxenevtchn.so.1";

        [LibraryImport(Library, EntryPoint = "xenevtchn_open")]
        public static partial nint Open(nint logger, uint flags);

        [LibraryImport(Library, EntryPoint = "xenevtchn_bind_virq")]
        public static partial int BindVirq(nint handle, uint virq);

        [LibraryImport(Library, EntryPoint = "xenevtchn_pending")]
        public static partial int Pending(nint handle);

        [LibraryImport(Library, EntryPoint = "xenevtchn_unmask")]
        public static partial int Unmask(nint handle, uint port);
    }
}
