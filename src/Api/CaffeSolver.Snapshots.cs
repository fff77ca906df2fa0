using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Runs;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Api;

/// <content>Snapshots.</content>
public sealed partial class CaffeSolver
{
    /// <summary>Writes a snapshot at the solver's snapshot_prefix: Caffe's pair of files, and <c>.resume</c>.</summary>
    /// <returns>Path of the solver state, which <see cref="Restore(string)"/> and
    /// <see cref="CaffeSolverOptions.Snapshot"/> take.</returns>
    /// <exception cref="CaffeException">It cannot be written; earlier ones are intact.</exception>
    public string Snapshot()
    {
        NetStand stand = _testedAt == Iteration ? _beforeTests! : NetStand.Take(_parts.Keyed);
        var store = new SnapshotStore(Parameter.SnapshotPrefix)
        {
            Format = Parameter.SnapshotFormat,
            WithDiff = Parameter.SnapshotDiff,
        };
        _log.Snapshotting(SnapshotNames.ModelOf(store.Prefix, Iteration, store.Format),
            SnapshotNames.StateOf(store.Prefix, Iteration, store.Format), store.Format);
        SolverProgress progress = SolverProgress.Of(Iteration, _parts.Optimizer);
        SnapshotEntry entry = store.Save(NetWeights.Of(Net.Net), progress, new ResumeState
        {
            RunId = _runId,
            NetHash = Fingerprint.OfNet(_plan.Nets.Train),
            SolverHash = Fingerprint.OfSolver(Parameter),
            SolverType = Parameter.Type,
            Seed = _parts.Seed,
            DataPositions = stand.DataPositions,
            RandomStreams = stand.RandomStreams,
            LayerStates = stand.LayerStates,
            SmoothedLoss = _smoothed.State,
            LarcAlignment = _parts.Optimizer.LarcAlignment is { Length: > 0 } alignment ? alignment.ToArray() : null,
            MetricStep = Iteration,
        });
        return entry.StatePath!;
    }

    /// <summary>Goes on from a snapshot: iteration, weights, history, and, where it is one of ours, data and random
    /// numbers.</summary>
    /// <param name="path">The solver state (.solverstate or .solverstate.h5).</param>
    /// <exception cref="CaffeException">It is missing, damaged, or of another net or solver type.</exception>
    public void Restore(string path) => Restore(SnapshotLoader.Load(path));

    private void Restore(SnapshotContent snapshot)
    {
        if (snapshot.Resume is { SolverType: { Length: > 0 } type } && type != Parameter.Type)
        {
            throw new CaffeException(ErrorCodes.BadSnapshot, FailureKind.Configuration,
                $"the snapshot does not fit: it is of solver type {type}, this solver is of {Parameter.Type}");
        }

        NetUpgrade.Upgrade(snapshot.Net);
        Net.Net.CopyTrainedLayersFrom(snapshot.Net);
        _parts.Optimizer.Restore(snapshot.State);
        Iteration = snapshot.State.Iter;
        _testedAt = -1;
        _smoothed.Clear();
        if (snapshot.Resume is not { } resume)
            return;
        if (resume.Seed is { } seed && seed != _parts.Seed)
        {
            _notice($"The snapshot was made with the seed {seed}, this solver has {_parts.Seed}: random numbers "
                + "differ from here on; open the solver with the snapshot to go on exactly.");
        }

        NetStand.Restore(resume, _parts.Keyed);
        if (resume.SmoothedLoss is { } smoothed)
            _smoothed.Restore(smoothed);
        if (resume.LarcAlignment is { } alignment)
            _parts.Optimizer.RestoreLarcAlignment(alignment);
    }
}
