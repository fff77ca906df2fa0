using System.Runtime.ExceptionServices;

namespace CaffeActors.Data.Tools;

/// <summary>Does work on several threads and hands out the results in the order of the items.</summary>
internal static class OrderedWork
{
    // Results that may wait for a slower one before them, for each thread.
    private const int Ahead = 4;

    /// <summary>
    /// Works through items. A failure comes where its item's result would have come, so it does not depend on the
    /// number of threads.
    /// </summary>
    /// <param name="items">The items; one thread at a time takes the next.</param>
    /// <param name="threads">Threads to work on; 0 takes one for each core, 1 the caller's own.</param>
    /// <param name="newWorker">Makes what a thread keeps for itself, such as buffers.</param>
    /// <param name="work">Makes a result of an item.</param>
    /// <param name="consume">Takes the results, on the caller's thread.</param>
    public static void Run<TItem, TWorker, TResult>(
        IEnumerable<TItem> items, int threads, Func<TWorker> newWorker, Func<TWorker, TItem, TResult> work,
        Action<TResult> consume)
    {
        if (threads == 0)
            threads = Environment.ProcessorCount;
        if (threads > 1)
        {
            using IEnumerator<TItem> source = items.GetEnumerator();
            new Crew<TItem, TWorker, TResult>(source, threads, newWorker, work).Run(consume);
            return;
        }

        TWorker worker = newWorker();
        foreach (TItem item in items)
            consume(work(worker, item));
    }

    private sealed class Crew<TItem, TWorker, TResult>(
        IEnumerator<TItem> source, int threads, Func<TWorker> newWorker, Func<TWorker, TItem, TResult> work)
    {
        private readonly object _gate = new();
        private readonly Outcome?[] _outcomes = new Outcome?[threads * Ahead];
        private long _taken;
        private long _given;
        private bool _ended;

        public void Run(Action<TResult> consume)
        {
            Thread[] crew = [.. Enumerable.Range(0, threads).Select(_ => new Thread(Work) { IsBackground = true })];
            foreach (Thread thread in crew)
                thread.Start();
            try
            {
                while (Next() is { } outcome)
                {
                    outcome.Failure?.Throw();
                    consume(outcome.Result!);
                }
            }
            finally
            {
                lock (_gate)
                {
                    _ended = true;
                    Monitor.PulseAll(_gate);
                }

                foreach (Thread thread in crew)
                    thread.Join();
            }
        }

        private Outcome? Next()
        {
            lock (_gate)
            {
                while (_outcomes[_given % _outcomes.Length] is null)
                {
                    if (_ended && _given == _taken)
                        return null;
                    Monitor.Wait(_gate);
                }

                Outcome outcome = _outcomes[_given % _outcomes.Length]!;
                _outcomes[_given++ % _outcomes.Length] = null;
                Monitor.PulseAll(_gate);
                return outcome;
            }
        }

        private void Work()
        {
            var worker = new Lazy<TWorker>(newWorker);
            while (TryTake(out long number, out TItem? item, out Outcome? outcome))
            {
                outcome ??= Attempt(() => work(worker.Value, item!));
                lock (_gate)
                {
                    _outcomes[number % _outcomes.Length] = outcome;
                    Monitor.PulseAll(_gate);
                }
            }
        }

        private bool TryTake(out long number, out TItem? item, out Outcome? failure)
        {
            (number, item, failure) = (0, default, null);
            lock (_gate)
            {
                while (!_ended && _taken - _given >= _outcomes.Length)
                    Monitor.Wait(_gate);
                if (_ended)
                    return false;
                Outcome step = Attempt<bool>(source.MoveNext, out bool more);
                _ended = !more;
                Monitor.PulseAll(_gate);
                if (step.Failure is null && !more)
                    return false;
                number = _taken++;
                if (step.Failure is null)
                    item = source.Current;
                else
                    failure = step;
                return true;
            }
        }

        private static Outcome Attempt(Func<TResult> action)
        {
            Outcome outcome = Attempt(action, out TResult? result);
            return outcome with { Result = result };
        }

        private static Outcome Attempt<T>(Func<T> action, out T? result)
        {
            result = default;
            try
            {
                result = action();
                return new Outcome(default, null);
            }
#pragma warning disable CA1031 // Thrown again on the thread that takes the results.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                return new Outcome(default, ExceptionDispatchInfo.Capture(failure));
            }
        }

        private sealed record Outcome(TResult? Result, ExceptionDispatchInfo? Failure);
    }
}
