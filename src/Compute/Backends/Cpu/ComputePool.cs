using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// The threads of one CPU device. The calling thread works too, as worker 0; the others spin for a while after a job
/// and then park, since waking a parked thread costs some 50 µs and a spinning one less than 1 µs. A job ends when
/// its tasks are done, whether or not every thread came to it: one that the system runs late holds up nobody.
/// Each worker begins with its own share of the tasks, in their order, and then helps the others from the end of
/// theirs: where tasks follow the images of a batch, a core finds in its cache what it wrote for the layer before.
/// Nothing is allocated per job. One job at a time: a body must not start another job of the same pool, nor a second
/// thread one beside it.
/// </summary>
public sealed unsafe class ComputePool : IDisposable
{
    private const int SpinsBeforeParking = 12000;
    private const long NextPhase = 1L << 32;

    // Longs from a worker's share to the next: two cache lines, which processors fetch in pairs.
    private const int ShareStep = 16;

    private readonly Thread[] _workers;
    private readonly object _parking = new();
    private delegate*<void*, int, int, void> _body;
    private void* _state;

    // Of each worker: the first task nobody took yet in the upper half, the end of its share in the lower one.
    private readonly long[] _shares;

    // Upper half: the phase, odd while a job takes workers, even between jobs. Lower half: workers at it.
    private long _job;
    private int _parked;
    private int _busy;
    private bool _stopping;
    private Exception? _failure;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">Threads in all, the calling one included; at least 1.</param>
    /// <param name="name">Prefix of the threads' names.</param>
    public ComputePool(int threads, string name = "compute")
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _shares = new long[(threads + 1) * ShareStep];
        _workers = new Thread[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            int worker = i + 1;
            _workers[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"{name}-{worker}" };
            _workers[i].Start();
        }
    }

    /// <summary>Threads in all, the calling one included.</summary>
    public int Threads { get; }

    /// <summary>Does all tasks of a body and returns when the last one is done.</summary>
    /// <param name="body">The work; it may hold pointers into memory that lives until the call returns.</param>
    /// <param name="tasks">Number of tasks; 0 does nothing.</param>
    /// <exception cref="InvalidOperationException">The pool is at another job.</exception>
    public void Run<TBody>(TBody body, int tasks)
        where TBody : struct, IParallelBody
    {
        if (tasks <= 0)
            return;
        if (Threads == 1 || tasks == 1)
        {
            for (int task = 0; task < tasks; task++)
                body.Invoke(task, 0);
            return;
        }

        if (Interlocked.Exchange(ref _busy, 1) != 0)
            throw new InvalidOperationException("A CPU device has one user at a time, and this one is at work.");
        // The body stays on this frame until every worker that took part is done with it.
        _body = &Invoke<TBody>;
        _state = Unsafe.AsPointer(ref body);
        for (int worker = 0; worker < Threads; worker++)
        {
            long start = (long)worker * tasks / Threads, end = (worker + 1L) * tasks / Threads;
            Volatile.Write(ref Share(worker), (start << 32) | end);
        }

        Interlocked.Add(ref _job, NextPhase);
        if (Volatile.Read(ref _parked) > 0)
        {
            lock (_parking)
                Monitor.PulseAll(_parking);
        }

        Drain(0);
        Interlocked.Add(ref _job, NextPhase);
        for (int spins = 0; (int)Volatile.Read(ref _job) != 0; spins++)
        {
            if (spins < SpinsBeforeParking)
                Thread.SpinWait(1);
            else
                Thread.Yield();
        }

        Exception? failure = _failure;
        _failure = null;
        Volatile.Write(ref _busy, 0);
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        lock (_parking)
        {
            Volatile.Write(ref _stopping, true);
            Interlocked.Add(ref _job, 2 * NextPhase);
            Monitor.PulseAll(_parking);
        }

        foreach (Thread worker in _workers)
            worker.Join();
    }

    private static void Invoke<TBody>(void* state, int task, int worker)
        where TBody : struct, IParallelBody => Unsafe.AsRef<TBody>(state).Invoke(task, worker);

    private void Work(int worker)
    {
        long seen = 0;
        while (!Volatile.Read(ref _stopping))
        {
            long job = Await(seen);
            seen = Phase(job);
            // A worker that comes late finds the job closed, and the caller does not wait for it.
            while (Phase(job) == seen && IsOpen(seen))
            {
                long found = Interlocked.CompareExchange(ref _job, job + 1, job);
                if (found == job)
                {
                    Drain(worker);
                    Interlocked.Decrement(ref _job);
                    break;
                }

                job = found;
            }
        }
    }

    // The first state of another phase than the one seen last.
    private long Await(long seen)
    {
        for (int spins = 0; spins < SpinsBeforeParking; spins++)
        {
            long job = Volatile.Read(ref _job);
            if (Phase(job) != seen)
                return job;
            Thread.SpinWait(2);
        }

        lock (_parking)
        {
            Interlocked.Increment(ref _parked);
            while (Phase(Volatile.Read(ref _job)) == seen)
                Monitor.Wait(_parking);
            Interlocked.Decrement(ref _parked);
        }

        return Volatile.Read(ref _job);
    }

    private static long Phase(long job) => job >> 32;

    private static bool IsOpen(long phase) => (phase & 1) != 0;

    // Behind an empty share, so that the first does not lie on a line with the array's length.
    private ref long Share(int worker) => ref _shares[(worker + 1) * ShareStep];

    private void Drain(int worker)
    {
        try
        {
            while (TryTake(ref Share(worker), fromEnd: false, out int task))
                _body(_state, task, worker);
            for (int next = 1; next < Threads; next++)
            {
                while (TryTake(ref Share((worker + next) % Threads), fromEnd: true, out int task))
                    _body(_state, task, worker);
            }
        }
#pragma warning disable CA1031 // A worker hands every failure to the caller of Run.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
            for (int other = 0; other < Threads; other++)
                Volatile.Write(ref Share(other), 0);
        }
    }

    private static bool TryTake(ref long share, bool fromEnd, out int task)
    {
        long found = Volatile.Read(ref share);
        while (true)
        {
            int first = (int)(found >> 32), end = (int)found;
            task = fromEnd ? end - 1 : first;
            if (first >= end)
                return false;
            long left = fromEnd ? found - 1 : found + (1L << 32);
            long seen = Interlocked.CompareExchange(ref share, left, found);
            if (seen == found)
                return true;
            found = seen;
        }
    }
}
