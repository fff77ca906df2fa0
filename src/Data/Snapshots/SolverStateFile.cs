using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.Snapshots;

/// <summary>A solver's state in a file: <c>.solverstate</c> or <c>.solverstate.h5</c>.</summary>
public static class SolverStateFile
{
    /// <summary>Reads a state. The contents decide the format, not the name.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CaffeException">
    /// CFA1005: there is no such file or it cannot be read; CFA1402: it is damaged or holds something else.
    /// </exception>
    public static SolverState Read(string path)
    {
        SolverState state = SnapshotFile.ReadState(path, Hdf5SnapshotReader.ReadState, SolverState.Parser);
        if (!state.HasIter || !state.HasLearnedNet)
            throw SnapshotFile.Bad(path, "names no iteration and model: it is damaged or no solver state");
        return state;
    }
}
