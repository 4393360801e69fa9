using Microsoft.Win32.SafeHandles;
using Xenolith.Abi;

namespace Xenolith.Tests.Linux;

/// <summary>
/// The ports of a Linux domain as Xen, Linux and each opening of its device for event channels know them. Numbers are those of before a resume as far
/// as Xen gives them out again: the lowest that is free.
/// </summary>
internal sealed unsafe class FakePorts
{
    private readonly Dictionary<SafeFileHandle, HashSet<uint>> _lists = []; // what each opening has on its list
    private readonly Lock _lock = new();
    private Dictionary<uint, SafeFileHandle?> _owners; // in this generation; null: the kernel's own
    private int _bugs;

    internal FakePorts(int kernels) => _owners = Kernels(kernels);

    /// <summary>Threads that Linux has ended: those that closed a port of before.</summary>
    internal int Bugs
    {
        get
        {
            lock (_lock)
            {
                EndClosed();
                return _bugs;
            }
        }
    }

    /// <summary>Whether this Linux empties the list of an opening that is given a port which is there already.</summary>
    internal bool EmptiesList { get; set; } = true;

    /// <summary>Numbers that other processes take before the next one is given out to an opening that has some.</summary>
    internal int Thieves { get; set; }

    /// <summary>Ports of processes in this generation.</summary>
    internal int Count
    {
        get
        {
            lock (_lock)
            {
                EndClosed();
                return _owners.Values.Count(owner => owner is not null);
            }
        }
    }

    /// <summary>Xen has none of the ports any more; Linux has made its own anew.</summary>
    internal void Resume(int kernels)
    {
        lock (_lock)
        {
            EndClosed();
            _owners = Kernels(kernels);
        }
    }

    /// <summary>Linux has no use for its own ports from a number on any more.</summary>
    internal void GiveBack(uint first)
    {
        lock (_lock)
        {
            foreach (uint port in _owners.Where(entry => entry.Value is null && entry.Key >= first).Select(entry => entry.Key).ToArray())
                _owners.Remove(port);
        }
    }

    internal (XenError Error, int Answer) Answer(SafeFileHandle open, uint request, nint argument)
    {
        lock (_lock)
        {
            EndClosed();
            if (!_lists.TryGetValue(open, out HashSet<uint>? list))
                _lists.Add(open, list = []);
            return request switch
            {
                LinuxEvtchnIoctl.Notify => (list.Contains(((IoctlEvtchnPort*)argument)->Port) ? XenError.None : XenError.NoDevice, 0),
                LinuxEvtchnIoctl.Unbind => (Unbind(open, list, ((IoctlEvtchnPort*)argument)->Port), 0),
                _ => Bind(open, list),
            };
        }
    }

    private static Dictionary<uint, SafeFileHandle?> Kernels(int count) => Enumerable.Range(0, count).ToDictionary(port => (uint)port, _ => (SafeFileHandle?)null);

    private (XenError Error, int Answer) Bind(SafeFileHandle open, HashSet<uint> list)
    {
        for (; Thieves > 0 && list.Count > 0; Thieves--)
            _owners.Add(LowestFree(), null);
        uint port = LowestFree();
        if (!list.Add(port))
        {
            if (EmptiesList)
                list.Clear();
            return (XenError.Exists, 0);
        }
        _owners.Add(port, open);
        return (XenError.None, (int)port);
    }

    private XenError Unbind(SafeFileHandle open, HashSet<uint> list, uint port)
    {
        if (!list.Remove(port))
            return XenError.NoDevice;
        if (_owners.TryGetValue(port, out SafeFileHandle? owner) && owner == open)
            _owners.Remove(port);
        else
            _bugs++;
        return XenError.None;
    }

    private uint LowestFree()
    {
        uint port = 0;
        while (_owners.ContainsKey(port))
            port++;
        return port;
    }

    /// <summary>What Linux does when a device is closed, noticed at the next request.</summary>
    private void EndClosed()
    {
        foreach ((SafeFileHandle open, HashSet<uint> list) in _lists.Where(entry => entry.Key.IsClosed))
        {
            foreach (uint port in list.ToArray())
                _ = Unbind(open, list, port);
        }
    }
}
