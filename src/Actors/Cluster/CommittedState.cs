using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Reduction;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Snapshots;
using Google.Protobuf;

namespace CaffeActors.Actors.Cluster;

/// <summary>
/// What training goes on from at a committed iteration, in memory: parameters and history, and everything that a
/// snapshot's <c>.resume</c> has. It outlives the nets of an epoch. Not thread-safe.
/// </summary>
/// <param name="Head">Everything but the blobs.</param>
/// <param name="Blobs">Copies of parameters and history, in the order of <see cref="StateBlocks"/>.</param>
internal sealed record CommittedState(StateHead Head, IReadOnlyList<Blob> Blobs) : IDisposable
{
    /// <summary>Copies the state of replicas between two iterations.</summary>
    /// <param name="group">The replicas; nobody computes on them.</param>
    /// <param name="head">Everything but the blobs.</param>
    public static CommittedState Of(ReplicaGroup group, StateHead head)
    {
        List<Blob> copies = [];
        foreach (Blob blob in StateBlocks.Of(group))
        {
            var copy = new Blob(blob.Shape);
            copy.CopyDataFrom(blob);
            copies.Add(copy);
        }

        return new CommittedState(head, copies);
    }

    /// <summary>Everything but the blobs, of replicas between two iterations.</summary>
    /// <param name="iteration">The iteration.</param>
    /// <param name="optimizer">Their optimizer.</param>
    /// <param name="resume">What <c>.resume</c> has.</param>
    /// <param name="batchRecords">Records of the whole batch.</param>
    public static StateHead HeadOf(long iteration, Optimizer optimizer, ResumeState resume, long batchRecords) => new()
    {
        Iteration = iteration,
        CurrentStep = optimizer.CurrentStep,
        HasPlateau = optimizer.Plateau is not null,
        MinimumLoss = optimizer.Plateau?.MinimumLoss ?? 0,
        LastEvent = optimizer.Plateau?.LastEvent ?? 0,
        Resume = ByteString.CopyFrom(resume.ToBytes()),
        RunId = resume.RunId,
        Seed = resume.Seed ?? 0,
        BatchRecords = batchRecords,
        TestedAt = -1,
        SnapshotAt = -1,
    };

    /// <summary>Brings replicas to it.</summary>
    /// <param name="group">The replicas, newly built for the same net and solver.</param>
    /// <param name="nets">The nets by the names that <c>.resume</c> files give them.</param>
    /// <param name="smoothed">The smoothed loss.</param>
    /// <returns>What <c>.resume</c> has.</returns>
    /// <exception cref="CaffeException">It is another net's or solver's.</exception>
    public ResumeState Restore(ReplicaGroup group, IReadOnlyList<(string Key, Net Net)> nets, SmoothedLoss smoothed)
    {
        IReadOnlyList<Blob> targets = StateBlocks.Of(group);
        if (targets.Count != Blobs.Count || targets.Zip(Blobs).Any(pair => pair.First.Count != pair.Second.Count))
        {
            throw new CaffeException(ErrorCodes.ClusterLost, FailureKind.Cluster,
                "the parameters that this node was given are not those of its net and solver; give all nodes the same "
                + "configuration");
        }

        CopyTo(group, targets);
        ResumeState resume = ResumeState.FromBytes(Head.Resume.Span);
        group.Optimizer.RestoreProgress(
            Head.CurrentStep, Head.HasPlateau ? new PlateauState(Head.MinimumLoss, Head.LastEvent) : null);
        smoothed.Clear();
        resume.Restore(nets, group.Optimizer, smoothed);
        return resume;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Blob blob in Blobs)
            blob.Dispose();
    }

    private void CopyTo(ReplicaGroup group, IReadOnlyList<Blob> targets)
    {
        for (int i = 0; i < targets.Count; i++)
        {
            if (targets[i].Count > 0)
                GradientSum.Copy(group.Root.Device, gpu: null, targets[i], Blobs[i]);
        }
    }
}
