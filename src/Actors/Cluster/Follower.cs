using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Actors.Cluster;

/// <summary>What trains on a node that is not the first: its replicas, and how far they are. Written on the root
/// replica's thread only.</summary>
/// <param name="plan">What the run does.</param>
/// <param name="replicas">The replicas.</param>
internal sealed class Follower(RunPlan plan, ReplicaGroup replicas) : IDisposable
{
    private long _iteration;

    /// <summary>What the run does.</summary>
    public RunPlan Plan => plan;

    /// <summary>The replicas.</summary>
    public ReplicaGroup Replicas => replicas;

    /// <summary>The loss averaged over average_loss iterations.</summary>
    public SmoothedLoss Smoothed { get; } = new(plan.Solver.AverageLoss);

    /// <summary>Updates done. Other threads may read it.</summary>
    public int Iteration
    {
        get => (int)Interlocked.Read(ref _iteration);
        set => Interlocked.Exchange(ref _iteration, value);
    }

    /// <summary>What its actors do, once they are there.</summary>
    public IReadOnlyList<ActorActivity> Activities { get; set; } = [];

    /// <summary>Its nets, as <c>.resume</c> names those of replicas.</summary>
    public IReadOnlyList<(string Key, Net Net)> Nets() => NetNames.OfReplicas(replicas);

    /// <summary>An iteration is done: what learning rates may go by.</summary>
    public void Observe(StepDone done)
    {
        // The loss of an iteration that a new coordinator committed for the one before it is not known.
        float smoothed = float.IsNaN(done.Loss) ? Smoothed.Value : Smoothed.Add(done.Loss);
        replicas.Optimizer.ObserveLoss(done.Iteration, smoothed);
        Iteration = done.Iteration + 1;
        replicas.Seat?.Watch.Applied(Iteration);
    }

    /// <inheritdoc/>
    public void Dispose() => replicas.Dispose();
}
