using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Snapshots;

/// <summary>Reads snapshots into memory: ours, and pairs that Caffe wrote.</summary>
public static class SnapshotLoader
{
    /// <summary>Reads a valid snapshot.</summary>
    /// <param name="entry">What <see cref="SnapshotStore.Newest"/> or <see cref="SnapshotStore.List"/> found.</param>
    /// <exception cref="CaffeException">CFA1402: it is not valid, or has been damaged since.</exception>
    public static SnapshotContent Load(SnapshotEntry entry)
    {
        if (entry.Fault is { } fault)
            throw Bad($"the snapshot of iteration {entry.Iteration} cannot be resumed from: {fault}");
        return Matching(WeightsFile.Read(entry.ModelPath!), SolverStateFile.Read(entry.StatePath!), entry);
    }

    /// <summary>
    /// Reads the snapshot of a solver state. Where there is a <c>.resume</c> beside it, the three files must belong
    /// together; without one it is Caffe's pair, and the model is the one the state names: looked for as written,
    /// then beside the state.
    /// </summary>
    /// <param name="statePath">A <c>.solverstate</c> or <c>.solverstate.h5</c> file.</param>
    /// <exception cref="CaffeException">
    /// CFA1005: there is no such file; CFA1402: a file is damaged, of another kind, or not of this snapshot.
    /// </exception>
    public static SnapshotContent Load(string statePath)
    {
        SolverState state = SolverStateFile.Read(statePath);
        if (SnapshotNames.ResumeBeside(statePath) is not { } resumePath || !File.Exists(resumePath))
            return new(WeightsFile.Read(ModelOf(state, statePath)), state, null);
        SnapshotEntry entry = SnapshotIndex.Check(SnapshotIndex.OpenResume(resumePath, state.Iter), hashes: true);
        string? fault = entry.Fault;
        if (fault is null && Path.GetFileName(entry.StatePath) != Path.GetFileName(statePath))
            fault = $"'{resumePath}' belongs to '{entry.StatePath}'";
        if (fault is not null)
        {
            throw Bad($"'{statePath}' cannot be resumed from: {fault}; resume from an older snapshot, or, if the pair "
                + "is another program's, move the .resume file away");
        }

        return Matching(WeightsFile.Read(entry.ModelPath!), state, entry);
    }

    private static SnapshotContent Matching(NetParameter net, SolverState state, SnapshotEntry entry) =>
        state.Iter == entry.Iteration
            ? new(net, state, entry.Resume)
            : throw Bad($"'{entry.StatePath}' is of iteration {state.Iter}, its .resume of {entry.Iteration}");

    private static string ModelOf(SolverState state, string statePath)
    {
        string beside = Path.Combine(AtomicFile.DirectoryOf(statePath), Path.GetFileName(state.LearnedNet));
        return File.Exists(state.LearnedNet) ? state.LearnedNet
            : File.Exists(beside) ? beside
            : throw new CaffeException(ErrorCodes.FileNotFound, FailureKind.Data,
                $"the model '{state.LearnedNet}' that '{statePath}' names is not there, nor is '{beside}'");
    }

    private static CaffeException Bad(string message) => new(ErrorCodes.BadSnapshot, FailureKind.Data, message);
}
