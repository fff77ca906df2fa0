using Akka.Actor;

namespace CaffeActors.Actors.Cluster;

/// <summary>What is seen from outside of a node's reduction in an epoch. Thread-safe.</summary>
internal sealed class SeatWatch
{
    private readonly Lock _lock = new();
    private readonly List<(long Iteration, TaskCompletionSource Reached)> _waiting = [];
    private long _applied = -1;
    private volatile Func<IEnumerable<int>> _waitsFor = static () => [];
    private readonly TaskCompletionSource<IActorRef> _reducer =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The reducer's actor, once it hears of blocks.</summary>
    public Task<IActorRef> Reducer => _reducer.Task;

    /// <summary>The reducer hears of blocks from now on.</summary>
    /// <param name="reducer">Its actor.</param>
    /// <param name="waitsFor">Tells from any thread for whom it waits.</param>
    public void Started(IActorRef reducer, Func<IEnumerable<int>> waitsFor)
    {
        _waitsFor = waitsFor;
        _reducer.TrySetResult(reducer);
    }

    /// <summary>Ranks of the nodes whose gradients or sums are waited for.</summary>
    public IEnumerable<int> WaitsFor => _waitsFor();

    /// <summary>The root's parameters are those after some updates, and whoever counts updates has counted
    /// them.</summary>
    /// <param name="iteration">Updates done.</param>
    public void Applied(long iteration)
    {
        lock (_lock)
        {
            _applied = Math.Max(_applied, iteration);
            foreach ((long wanted, TaskCompletionSource reached) in _waiting)
            {
                if (wanted <= _applied)
                    reached.TrySetResult();
            }

            _waiting.RemoveAll(entry => entry.Iteration <= _applied);
        }
    }

    /// <summary>Waits until the root's parameters are those after some updates.</summary>
    /// <param name="iteration">Updates done.</param>
    public Task AppliedAsync(long iteration)
    {
        lock (_lock)
        {
            if (iteration <= _applied)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((iteration, reached));
            return reached.Task;
        }
    }
}
