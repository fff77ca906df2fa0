using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Schema;
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
        ResumeState resume =
            ResumeState.Of(_plan.Nets.Train, Parameter, _parts.Seed, stand, _parts.Optimizer, _smoothed) with
            {
                RunId = _runId,
                MetricStep = Iteration,
            };
        return store.Save(NetWeights.Of(Net.Net), SolverProgress.Of(Iteration, _parts.Optimizer), resume).StatePath!;
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

        snapshot.Restore(_parts.Keyed, _parts.Optimizer, _smoothed);
        Iteration = snapshot.State.Iter;
        _testedAt = -1;
        if (snapshot.Resume?.Seed is { } seed && seed != _parts.Seed)
        {
            _notice($"The snapshot was made with the seed {seed}, this solver has {_parts.Seed}: random numbers "
                + "differ from here on; open the solver with the snapshot to go on exactly.");
        }
    }
}
