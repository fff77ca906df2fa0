using System.Reflection;
using CaffeActors.Actors.Cluster;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Compute.Backends.Cpu.Blas;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Files;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;
using CaffeActors.Data.Snapshots;
using CaffeActors.Data.Tools;

namespace CaffeActors.Actors.Training;

/// <summary>
/// Makes a plan into a run: finds the run to go on with, opens its folder, builds device, nets and optimizer, loads
/// weights or restores a snapshot.
/// </summary>
internal sealed class TrainingRunBuilder
{
    private readonly RunPlan _plan;
    private readonly RunLog _log;
    private readonly TimeProvider _time;
    private readonly string _netHash;
    private readonly string _solverHash;
    private ClusterPart? _part;

    private TrainingRunBuilder(RunPlan plan, RunLog log, TimeProvider time)
    {
        _plan = plan;
        _log = log;
        _time = time;
        _netHash = Fingerprint.OfNet(plan.Nets.Train);
        _solverHash = Fingerprint.OfSolver(plan.Solver);
    }

    private SolverParameter Solver => _plan.Solver;

    /// <summary>Builds the run; where the plan resumes and all its runs are finished there is none.</summary>
    /// <param name="plan">What to run.</param>
    /// <param name="catalog">The layer types.</param>
    /// <param name="log">The log.</param>
    /// <param name="time">The clock.</param>
    /// <param name="rollback">What the run goes on from after a divergence; null, the default, for what the plan
    /// says.</param>
    /// <param name="part">What makes it one of a cluster's; null, the default: it is alone.</param>
    /// <returns>The run, or the newest of the finished ones.</returns>
    /// <exception cref="CaffeException">Something does not fit; nothing is left open.</exception>
    public static (TrainingRun? Run, RunRecord? Finished) Build(
        RunPlan plan, LayerCatalog catalog, RunLog log, TimeProvider time, Rollback? rollback = null,
        ClusterPart? part = null)
    {
        var builder = new TrainingRunBuilder(plan, log, time) { _part = part };
        RunSearch? search = rollback?.Search
            ?? (part?.State is { } state ? builder.FindKnown(state.Head.RunId) : builder.FindRun());
        return search is { Run: null, FinishedRun: { } finished }
            ? (null, finished)
            : (builder.Build(catalog, search, rollback?.State), null);
    }

    /// <summary>Records of the batch that the nodes trained on whose run a plan goes on with; 0 where it goes on with
    /// none of several nodes.</summary>
    /// <param name="plan">What to run.</param>
    public static long StoredBatch(RunPlan plan)
    {
        if (plan.Resume == ResumeMode.Never)
            return 0;
        RunSearch search = RunIndex.FindResumable(plan.OutputRoot, plan.Name, Fingerprint.OfNet(plan.Nets.Train),
            Fingerprint.OfSolver(plan.Solver), plan.Solver.MaxIter);
        return search.Snapshot?.Resume?.BatchRecords ?? 0;
    }

    // The run that other nodes train, where its folder is on a disk that this one shares with them, or it was here
    // before. Where the node that had it is only stopped and holds it still, this one writes a folder of its own.
    private RunSearch? FindKnown(string id)
    {
        string path = Path.Combine(_plan.OutputRoot, RunDirectory.FolderPrefix + id);
        if (!Directory.Exists(path))
            return null;
        if (!RunDirectory.IsHeld(path))
            return new RunSearch(new RunRecord(path, RunDirectory.ReadManifest(path)), null, null, []);
        _log.Warn($"The folder of run {id} is held by {RunDirectory.DescribeHolder(path)}; it goes on in another one.");
        return null;
    }

    private RunSearch? FindRun()
    {
        if (_plan.Resume == ResumeMode.Never)
            return null;
        RunSearch search = RunIndex.FindResumable(_plan.OutputRoot, _plan.Name, _netHash, _solverHash, Solver.MaxIter);
        foreach (string note in search.Notes)
            _log.Info($"Resume: {note}");
        if (search.Run is not null)
            return search;
        if (search.Finished)
            _log.Info($"All runs called '{_plan.Name}' are finished.");
        else if (_plan.Resume == ResumeMode.Must)
        {
            throw new CaffeException(ErrorCodes.NothingToResume, FailureKind.NothingToResume,
                $"there is no run called '{_plan.Name}' under '{_plan.OutputRoot}' to go on with"
                + string.Concat(search.Notes.Select(note => $"; {note}")));
        }

        return search;
    }

    private TrainingRun Build(LayerCatalog catalog, RunSearch? search, RollbackState? rollback)
    {
        SnapshotContent? restore = _part?.State is not null ? null
            : search?.Snapshot is { } snapshot ? SnapshotLoader.Load(snapshot)
            : _plan.Snapshot is { } file ? SnapshotLoader.Load(file)
            : null;
        if (restore?.Resume is { } resume)
            RequireSame(resume);
        CommittedState? state = _part?.State;
        ulong seed = state?.Head.Seed ?? search?.Run?.Manifest.Seed ?? _plan.SeedOr(restore?.Resume?.Seed);
        ReplicaGroup? replicas = null;
        List<TestNet> tests = [];
        RunDirectory? folder = null;
        try
        {
            replicas = ReplicaGroupBuilder.Build(
                _plan with { Blas = SettledBlas(restore?.Resume?.Blas) }, catalog, seed, _log, _part?.Seat,
                _part?.BatchRecords ?? 0);
            NetOptions options = replicas.Root.Options(new LayerContext(replicas.Root.Device, seed)
            {
                Notice = _log.OfNet,
                ResolvePath = _plan.ResolvePath,
                Extensions = _plan.Extensions,
                LoadThreads = _plan.LoadThreads,
                WaitLimit = _plan.WaitLimit,
            }, catalog) with
            { Precision = _plan.Precision, Passes = _plan.Passes, Use = new NetUse(Backward: false) };
            for (int i = 0; i < _plan.Nets.Tests.Count; i++)
            {
                _log.OfNet($"Creating test net (#{i}).");
                tests.Add(new TestNet(
                    NetBuilder.Build(_plan.Nets.Tests[i].Net, options), _plan.Nets.Tests[i].Iterations));
            }

            if (_plan.EarlyStopping is { } early)
                EarlyStopping.RequireMeasured(early, Solver, replicas.Root.Net, tests);

            foreach (AcceptanceThreshold threshold in _plan.Acceptance)
                RequireMeasured(threshold, tests, Solver.TestComputeLoss);

            // Before anything is filled: a blob takes its memory when it is first used.
            var demand = MemoryDemand.OfTraining([.. replicas.Replicas.Select(replica => replica.Net)],
                replicas.Optimizer, tests.Select(test => test.Net));
            if (Solver.Snapshot > 0)
                demand.AddSnapshotCopy(replicas.Root.Net, replicas.Optimizer, Solver.SnapshotDiff);
            if (replicas.Exchange is { } exchange)
                demand.AddExchange(exchange.MemoryBytes);
            demand.RequireFits("training", _plan.MemoryLimit ?? MachineMemory.Bytes);
            foreach (TestNet test in tests)
                test.Net.ShareTrainedLayersWith(replicas.Root.Net);
            foreach (string weights in state is null ? _plan.Weights : [])
                Finetune(weights, [replicas.Root.Net, .. tests.Select(test => test.Net)]);
            folder = OpenFolder(search, seed, logs: rollback is null, state?.Head.RunId);
            folder.Reached = _plan.Reached;
            int start = (int?)state?.Head.Iteration ?? restore?.State.Iter ?? 0;
            int segment = folder.BeginSegment(start);
            var run = new TrainingRun(_plan, replicas, tests, _log, _time, _part)
            {
                Folder = folder,
                Seed = seed,
                Segment = segment,
                StartIteration = start,
                Rollback = rollback ?? restore?.Resume?.Rollback,
                WentBack = rollback is not null,
                Iteration = start,
                // What a run resumes from is not written anew.
                SnapshotAt = (int?)state?.Head.SnapshotAt ?? (search?.Snapshot is null ? -1 : start),
                Ranking = Ranking(tests, search?.Snapshot),
                Metrics = OpenMetrics(folder, segment, start),
                Snapshots = OpenSnapshots(folder),
            };
            if (state is not null)
                Restore(run, state);
            else if (restore is not null)
                Restore(run, restore);
            replicas.Optimizer.RateFactor = run.Rollback?.RateFactor ?? 1;
            replicas.ShareWeights();
            return run;
        }
        catch
        {
            folder?.Dispose();
            foreach (TestNet test in tests)
                test.Net.Dispose();
            replicas?.Dispose();
            throw;
        }
    }

    /// <summary>Refuses a threshold for a metric that no test measures.</summary>
    internal static void RequireMeasured(AcceptanceThreshold threshold, IReadOnlyList<TestNet> tests, bool withLoss)
    {
        try
        {
            TestMetrics.Require("a metric of acceptance", threshold.Metric, tests, withLoss);
        }
        catch (CaffeException failure)
        {
            throw failure.At(threshold.Place);
        }
    }

    // Of a snapshot that is not this run's nothing is kept.
    private SnapshotRanking? Ranking(List<TestNet> tests, SnapshotEntry? own)
    {
        if (_plan.Snapshots.KeepBest is not { } goal)
            return null;
        TestMetrics.Require("snapshot.keep-best", goal.Metric, tests, Solver.TestComputeLoss);
        BestSnapshot? best = own?.Resume?.BestSnapshot;
        var ranking = new SnapshotRanking(goal, best?.Metric == goal.Metric ? best : null);
        if (own is not null)
            ranking.Add(own.Iteration);
        return ranking;
    }

    // A resumed run computes its products as before, to the same bits, unless it is told to do otherwise.
    private string SettledBlas(string? kept)
    {
        string blas = BlasChoice.Settle(_plan.Blas, kept);
        if (_plan.Blas != BlasChoice.Managed || kept is not null and not BlasChoice.Managed)
            _log.Info($"Matrix products by {BlasChoice.Open(blas)?.Description ?? BlasChoice.Managed}");
        if (kept is not null && blas != kept)
        {
            _log.Warn($"The snapshot's products are {kept}'s (compute.blas), this run's are {blas}'s from here on: "
                + "numbers differ by rounding from those of a run that was not interrupted.");
        }

        return blas;
    }

    private void Finetune(string file, IEnumerable<Net> nets)
    {
        _log.Info($"Finetuning from {file}");
        NetParameter stored = WeightsFile.Read(_plan.ResolvePath(file), line => _log.Info(line));
        NetUpgrade.Upgrade(stored);
        WeightCopyReport? report = null;
        foreach (Net net in nets)
        {
            WeightCopyReport copied = net.CopyTrainedLayersFrom(stored);
            report ??= copied;
        }

        foreach (string skipped in report!.Skipped)
            _log.Info($"Ignoring source layer {skipped}");
        _log.Info($"Loaded {report.Loaded.Count} layer(s)"
            + (report.Missing.Count > 0 ? $"; no weights for: {string.Join(", ", report.Missing)}" : ""));
    }

    // A run that goes back logs to its file already.
    private RunDirectory OpenFolder(RunSearch? search, ulong seed, bool logs, string? id)
    {
        if (search?.Run is { } known)
        {
            RunDirectory opened = RunDirectory.Open(known.Path, _time);
            if (logs)
                _log.AddFile(opened.LogPath);
            return opened;
        }

        string name = Path.GetFileName(Solver.SnapshotPrefix);
        RunDirectory created = RunDirectory.Create(_plan.OutputRoot, new RunManifest
        {
            Name = _plan.Name,
            NetHash = _netHash,
            SolverHash = _solverHash,
            ConfigPath = _plan.ConfigPath,
            Seed = seed,
            ProgramVersion = Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "",
            SnapshotPrefix = _plan.SnapshotsInRunFolder
                ? Path.Combine("snapshots", name.Length > 0 ? name : _plan.Name)
                : Path.GetFullPath(Solver.SnapshotPrefix),
        }, _time, id);
        _log.AddFile(created.LogPath);
        if (_plan.ResolvedConfig.Length > 0)
            AtomicFile.WriteText(created.ConfigPath, _plan.ResolvedConfig);
        AtomicFile.WriteText(created.NetPath, TextFormat.Print(_plan.Nets.Train));
        AtomicFile.WriteText(created.SolverPath, TextFormat.Print(Solver));
        _log.Info($"Run {created.RunId} in {created.Path}");
        return created;
    }

    private ParquetMetricSink OpenMetrics(RunDirectory folder, int segment, int start)
    {
        var sink =
            ParquetMetricSink.Open(folder.MetricsPath, _time, segment, start, _plan.MetricsFlushInterval);
        sink.Reached = _plan.Reached;
        return sink;
    }

    private SnapshotStore OpenSnapshots(RunDirectory folder)
    {
        var store = new SnapshotStore(folder.SnapshotPrefix)
        {
            Format = Solver.SnapshotFormat,
            WithDiff = Solver.SnapshotDiff,
            KeepLast = _plan.Snapshots.KeepLast,
            KeepEvery = _plan.Snapshots.KeepEvery,
            Reached = _plan.Reached,
            Permit = _part?.Permit,
        };
        if (Solver.Snapshot > 0 || Solver.SnapshotAfterTrain)
            store.Prepare();
        return store;
    }

    private void Restore(TrainingRun run, SnapshotContent snapshot)
    {
        _log.Info(snapshot.Resume is null
            ? $"Resuming from a pair without .resume at iteration {run.StartIteration}: data begin at their first "
                + $"record"
            : $"Resuming at iteration {run.StartIteration}");
        snapshot.Restore(run.AllNets(), run.Replicas.Optimizer, run.Smoothed);
        if (run.EarlyStopping is { } early && snapshot.Resume?.EarlyStopping is { } state)
            early.State = state;
        if (_plan.Parallel.Reproducible || _part is not null)
            run.Replicas.ShareDataPositions();
        run.Replicas.Root.Pipeline?.AlignData();
    }

    private static void Restore(TrainingRun run, CommittedState state)
    {
        ResumeState resume = state.Restore(run.Replicas, run.AllNets(), run.Smoothed);
        if (run.EarlyStopping is { } early && resume.EarlyStopping is { } stand)
            early.State = stand;
        run.Replicas.ShareDataPositions();
        run.SkipTestsOf((int)state.Head.TestedAt);
    }

    private void RequireSame(ResumeState resume)
    {
        int replicas = _part is null ? _plan.Parallel.Devices.Count : 1;
        string? difference =
            resume.SolverType != Solver.Type ? $"it is of solver type {resume.SolverType}, this run is of {Solver.Type}"
            : resume.WorldSize != replicas && !_plan.Parallel.Reproducible
                ? $"it is of {resume.WorldSize} replica(s), each at its own place in the data, and this run has "
                    + $"{replicas}; train on as many devices, or begin anew from the weights (--weights)"
            : null;
        if (difference is not null)
            throw new CaffeException(
                ErrorCodes.BadSnapshot, FailureKind.Configuration, $"the snapshot does not fit: {difference}");
        if (resume.NetHash != _netHash)
            _log.Warn("The snapshot is of a net that differs from this one; weights were matched by layer name.");
        if (resume.SolverHash != _solverHash)
            _log.Warn("The snapshot is of a solver with other settings; this one's are used from here on.");
    }
}
