using System.Runtime.InteropServices;
using Xenolith.Kernel.Threads;
using KernelThread = Xenolith.Kernel.Threads.Thread;
using ThreadState = Xenolith.Kernel.Threads.ThreadState;

namespace Xenolith.Kernel.Tests.Threads;

/// <summary>
/// One CPU with virtual time that runs threads in a run queue's order. A thread's behaviour is a sequence of steps: how long it computes, and what it
/// does then.
/// </summary>
internal sealed unsafe class SimulatedCpu : IDisposable
{
    internal const ulong Microsecond = 1000, Millisecond = 1000 * Microsecond;

    private readonly List<nint> _threads = [];
    private readonly List<IEnumerator<Step>> _programs = [];
    private readonly List<ulong> _left = [];
    private readonly PriorityQueue<int, ulong> _sleepers = new();
    private RunQueue _queue;
    private int _current = -1;
    private ulong _sliceEnd, _runningSince;
    private bool _competing;

    internal ulong Now { get; private set; }

    /// <summary>How long each thread has run.</summary>
    internal List<ulong> RunTime { get; } = [];

    /// <summary>The longest time that each thread was runnable and did not run.</summary>
    internal List<ulong> LongestWait { get; } = [];

    private readonly List<ulong> _runnableSince = [];

    /// <summary>Computes for a time, then does something.</summary>
    internal readonly record struct Step(ulong Compute, Action Then);

    internal int Add(IEnumerable<Step> program)
    {
        KernelThread* thread = (KernelThread*)NativeMemory.AllocZeroed((nuint)sizeof(KernelThread));
        int id = _threads.Count;
        thread->Id = id;
        _threads.Add((nint)thread);
        _programs.Add(program.GetEnumerator());
        _left.Add(0);
        RunTime.Add(0);
        LongestWait.Add(0);
        _runnableSince.Add(Now);
        _queue.Append(thread);
        return id;
    }

    /// <summary>For the running thread: blocks it for a time.</summary>
    internal void Sleep(ulong time)
    {
        _sleepers.Enqueue(_current, Now + time);
        Block();
    }

    /// <summary>For the running thread: blocks it until it is woken.</summary>
    internal void Block()
    {
        Account();
        Thread(_current)->State = ThreadState.Blocked;
        _queue.Leave(Thread(_current));
        _current = -1;
    }

    /// <summary>For the running thread: lets the others run first.</summary>
    internal void Yield()
    {
        if (_queue.Count == 0)
            return;
        Account();
        PutBack(interrupted: false);
    }

    internal void Wake(int thread)
    {
        if (Thread(thread)->State != ThreadState.Blocked)
            return;
        _runnableSince[thread] = Now;
        if (_current >= 0 && !_competing && _queue.HasTurn(Thread(_current)) && Now - _runningSince >= RunQueue.Slice)
            _queue.EndTurn(Thread(_current));
        _queue.AppendWoken(Thread(thread));
    }

    /// <summary>Runs until a time, as the kernel's scheduler does: an interrupt comes when a sleeper is due and when a slice ends.</summary>
    internal void RunUntil(ulong end)
    {
        while (Now < end)
        {
            if (_current < 0 && !Dispatch())
            {
                if (!_sleepers.TryPeek(out _, out ulong due))
                    return;
                Now = due;
                WakeSleepers();
                continue;
            }
            if (_left[_current] == 0)
            {
                _programs[_current].MoveNext();
                _left[_current] = _programs[_current].Current.Compute;
            }
            if (_queue.Count != 0 && !_competing)
                _sliceEnd = Now + RunQueue.Slice;
            _competing = _queue.Count != 0;

            ulong next = Math.Min(end, Now + _left[_current]);
            if (_sleepers.TryPeek(out _, out ulong first))
                next = Math.Min(next, first);
            if (_competing)
                next = Math.Min(next, _sliceEnd);
            RunTime[_current] += next - Now;
            _left[_current] -= next - Now;
            Now = next;

            if (_left[_current] == 0)
                _programs[_current].Current.Then();
            bool interrupted = WakeSleepers() || _competing && Now >= _sliceEnd;
            if (interrupted && _current >= 0 && _queue.Count != 0)
                Preempt();
        }
    }

    public void Dispose()
    {
        foreach (nint thread in _threads)
            NativeMemory.Free((void*)thread);
    }

    private KernelThread* Thread(int id) => (KernelThread*)_threads[id];

    private bool WakeSleepers()
    {
        bool woke = false;
        while (_sleepers.TryPeek(out int sleeper, out ulong due) && due <= Now)
        {
            _sleepers.Dequeue();
            Wake(sleeper);
            woke = true;
        }
        return woke;
    }

    private void Preempt()
    {
        Account();
        bool usedUp = Thread(_current)->Slice == 0;
        if (usedUp || _queue.HasWoken)
            PutBack(interrupted: !usedUp);
    }

    private void PutBack(bool interrupted)
    {
        _runnableSince[_current] = Now;
        if (interrupted)
            _queue.Interrupt(Thread(_current));
        else
            _queue.Append(Thread(_current));
        _current = -1;
    }

    private void Account()
    {
        Thread(_current)->Slice = !_competing ? RunQueue.Slice : Now < _sliceEnd ? _sliceEnd - Now : 0;
        _runningSince = Now;
    }

    private bool Dispatch()
    {
        KernelThread* next = _queue.Take();
        if (next == null)
            return false;
        next->State = ThreadState.Running;
        _current = next->Id;
        _runningSince = Now;
        _sliceEnd = Now + next->Slice;
        _competing = _queue.Count != 0;
        LongestWait[_current] = Math.Max(LongestWait[_current], Now - _runnableSince[_current]);
        return true;
    }
}
