using Akka.Actor;
using CaffeActors.Actors.Cluster.Reduction;

namespace CaffeActors.Actors.Cluster;

/// <summary>What is seen from outside of a node's reduction in an epoch. Thread-safe.</summary>
internal sealed class SeatWatch
{
    private readonly Lock _lock = new();
    private readonly List<(long Iteration, TaskCompletionSource Reached)> _waiting = [];
    private long _applied = -1;
    private readonly TaskCompletionSource<IActorRef> _reducer =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The reducer's actor, once it hears of blocks.</summary>
    public Task<IActorRef> Reducer => _reducer.Task;

    /// <summary>The reducer hears of blocks from now on.</summary>
    /// <param name="reducer">Its actor.</param>
    public void Started(IActorRef reducer) => _reducer.TrySetResult(reducer);

    /// <summary>What the reducer goes by; null before it has started.</summary>
    public NodeReduction? Reduction { get; set; }

    /// <summary>Ranks of the nodes whose gradients or sums are waited for; none while this node's own are not
    /// there.</summary>
    public IReadOnlyList<int> WaitsFor => Reduction?.WaitsFor() ?? [];

    /// <summary>The root's parameters are those after some updates.</summary>
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
