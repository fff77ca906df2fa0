using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Snapshots;

/// <summary>
/// A solver's snapshots: <c>PREFIX_iter_N.caffemodel</c> and <c>.solverstate</c> as Caffe writes them (or
/// <c>.caffemodel.h5</c> and <c>.solverstate.h5</c>) and <c>PREFIX_iter_N.resume</c>, the commit: it is written last,
/// names sizes and hashes of the other two, and without it, or with one that does not match, there is no snapshot.
/// A process killed at any moment leaves the snapshots before it as they were. One writer for a prefix at a time.
/// </summary>
public sealed class SnapshotStore
{
    /// <summary>The store of a prefix.</summary>
    /// <param name="prefix">What the files' names begin with, its directory included.</param>
    public SnapshotStore(string prefix) => Prefix = prefix;

    /// <summary>What the files' names begin with, its directory included.</summary>
    public string Prefix { get; }

    /// <summary>The format of the pair. Default BINARYPROTO.</summary>
    public SolverParameter.Types.SnapshotFormat Format { get; init; } =
        SolverParameter.Types.SnapshotFormat.Binaryproto;

    /// <summary>Whether the model holds the parameters' diffs too. Default false.</summary>
    public bool WithDiff { get; init; }

    /// <summary>How many snapshots of a run are kept, at least 0; 0, the default, keeps all.</summary>
    public int KeepLast { get; init; }

    /// <summary>Iterations that this divides are never removed, at least 0; 0, the default, sets none apart.</summary>
    public int KeepEvery { get; init; }

    /// <summary>Puts a stream in front of each file's; tests break writes with it.</summary>
    internal Func<Stream, Stream>? Decorate { get; init; }

    /// <summary>Hears of each step of a commit when it is done, and fails it by throwing; tests do. Default: nobody
    /// hears.</summary>
    public Action<FaultPoint>? Reached { get; init; }

    /// <summary>Asked before a snapshot is committed, on the writer's thread; what it throws is why it is not. Default:
    /// nobody is asked.</summary>
    public Action? Permit { get; init; }

    /// <summary>
    /// To be called before training: removes what a killed process left unfinished, and finds out now, not at the
    /// first snapshot, whether the place can be written.
    /// </summary>
    /// <exception cref="CaffeException">CFA1404: it cannot.</exception>
    public void Prepare()
    {
        string probe = Prefix + "_iter_0.tempfile";
        try
        {
            foreach (string path in SnapshotNames.Unfinished(Prefix))
                File.Delete(path);
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            throw AtomicFile.Failure(probe, exception, "; snapshots could not be written there");
        }
    }

    /// <summary>
    /// Writes a snapshot: the pair under temporary names, flushed to disk and renamed; then the <c>.resume</c> the
    /// same way; then all is read back and compared; only then older snapshots of the run are pruned.
    /// </summary>
    /// <param name="net">The net; its blobs are read during the call.</param>
    /// <param name="progress">The solver; its blobs are read during the call.</param>
    /// <param name="resume">The rest; iteration and file digests are set here.</param>
    /// <returns>The snapshot as it lies on disk.</returns>
    /// <exception cref="CaffeException">CFA1404: it could not be written; the snapshots before it are
    /// intact.</exception>
    public SnapshotEntry Save(NetWeights net, SolverProgress progress, ResumeState resume)
    {
        string modelPath = SnapshotNames.ModelOf(Prefix, progress.Iteration, Format);
        string statePath = SnapshotNames.StateOf(Prefix, progress.Iteration, Format);
        string resumePath = SnapshotNames.ResumeOf(Prefix, progress.Iteration);
        try
        {
            Reached?.Invoke(FaultPoint.SnapshotBegun);
            ResumeState written = resume with { Iteration = progress.Iteration };
            using (var model = new StagedFile(modelPath, decorate: Decorate))
            using (var state = new StagedFile(statePath, decorate: Decorate))
            {
                written = written with
                {
                    Model = WriteModel(model, net),
                    State = WriteState(state, progress, modelPath),
                };
                model.Publish();
                Reached?.Invoke(FaultPoint.ModelRenamed);
                state.Publish();
                Reached?.Invoke(FaultPoint.StateRenamed);
            }

            DirectoryFlush.Run(AtomicFile.DirectoryOf(Prefix));
            Reached?.Invoke(FaultPoint.PairDurable);
            using (var commit = new StagedFile(resumePath, decorate: Decorate))
            {
                commit.Stream.Write(ResumeFile.Format(written));
                Reached?.Invoke(FaultPoint.ResumeWritten);
                commit.FlushToDisk();
                Reached?.Invoke(FaultPoint.ResumeFlushed);
                Permit?.Invoke();
                commit.Publish();
                Reached?.Invoke(FaultPoint.ResumeRenamed);
            }

            DirectoryFlush.Run(AtomicFile.DirectoryOf(Prefix));
            Reached?.Invoke(FaultPoint.ResumeDurable);
            SnapshotEntry entry = ReadBack(resumePath, progress.Iteration);
            Reached?.Invoke(FaultPoint.ReadBack);
            Prune(entry);
            return entry;
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            throw AtomicFile.Failure(resumePath, exception,
                $"; there is no snapshot of iteration {progress.Iteration}, those before it are intact");
        }
    }

    /// <summary>The newest snapshot whose files are whole and belong together, and why newer ones were passed
    /// over.</summary>
    /// <param name="runId">
    /// The run whose snapshots count, newest by segment and then iteration; null for those of all, by iteration.
    /// </param>
    /// <param name="before">Only those of lower iterations count; default: all.</param>
    public SnapshotSearch Newest(string? runId = null, int before = int.MaxValue) =>
        SnapshotIndex.Newest(Prefix, runId, before);

    /// <summary>All snapshots of the prefix, greatest iteration first; each is read whole to find faults.</summary>
    public IReadOnlyList<SnapshotEntry> List() => [.. SnapshotIndex.List(Prefix)];

    private static SnapshotEntry ReadBack(string resumePath, int iteration)
    {
        SnapshotEntry entry = SnapshotIndex.Check(SnapshotIndex.OpenResume(resumePath, iteration), hashes: true);
        if (entry.Fault is { } fault)
            throw new IOException($"what was read back is not what was written: {fault}");
        return entry;
    }

    private FileDigest WriteModel(StagedFile file, NetWeights net)
    {
        FileDigest digest = Write(file, stream => ProtoSnapshotWriter.WriteNet(stream, net, WithDiff),
            stream => Hdf5SnapshotWriter.WriteNet(stream, net, WithDiff), FaultPoint.ModelWritten);
        Reached?.Invoke(FaultPoint.ModelFlushed);
        return digest;
    }

    private FileDigest WriteState(StagedFile file, SolverProgress progress, string modelPath)
    {
        FileDigest digest = Write(file, stream => ProtoSnapshotWriter.WriteState(stream, progress, modelPath),
            stream => Hdf5SnapshotWriter.WriteState(stream, progress, modelPath), FaultPoint.StateWritten);
        Reached?.Invoke(FaultPoint.StateFlushed);
        return digest;
    }

    private FileDigest Write(StagedFile file, Action<Stream> asProto, Action<Stream> asHdf5, FaultPoint written)
    {
        string name = Path.GetFileName(file.Path);
        if (Format == SolverParameter.Types.SnapshotFormat.Hdf5)
        {
            // HDF5 goes back to fill in addresses, so its bytes can be hashed only once they are all there.
            asHdf5(file.Stream);
            Reached?.Invoke(written);
            file.FlushToDisk();
            return FileDigest.Of(name, file.Stream);
        }

        var hashing = new HashingStream(file.Stream);
        asProto(hashing);
        Reached?.Invoke(written);
        file.FlushToDisk();
        return hashing.Digest(name);
    }

    // Only what a .resume shows to be this run's goes; a damaged one stays until KeepLast good ones are newer. The best
    // one is the one that the written snapshot knows of.
    private void Prune(SnapshotEntry written)
    {
        if (KeepLast == 0)
            return;
        int kept = 0;
        foreach (SnapshotEntry entry in SnapshotIndex.NewestFirst(Prefix, written.Resume!.RunId).ToList())
        {
            if (entry.Resume is null)
                continue;
            bool isSetApart = entry.Iteration == written.Iteration
                || (KeepEvery > 0 && entry.Iteration % KeepEvery == 0)
                || entry.Iteration == written.Resume.BestSnapshot?.Iteration;
            if (kept >= KeepLast && !isSetApart)
                Remove(entry);
            else if (SnapshotIndex.Check(entry, hashes: false).IsValid)
                kept++;
        }
    }

    private void Remove(SnapshotEntry entry)
    {
        try
        {
            if (entry.ModelPath is { } model)
                File.Delete(model);
            Reached?.Invoke(FaultPoint.ModelPruned);
            if (entry.StatePath is { } state)
                File.Delete(state);
            Reached?.Invoke(FaultPoint.StatePruned);

            // Last, so that what an interrupted removal leaves is still known for this run's, and goes next time.
            File.Delete(entry.ResumePath);
            Reached?.Invoke(FaultPoint.ResumePruned);
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            // A snapshot that cannot be removed now (a reader holds it, say) is tried again after the next one.
        }
    }
}
