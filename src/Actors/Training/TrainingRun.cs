using CaffeActors.Actors.Cluster;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Compute.Backends.Cpu.Blas;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Layers;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Actors.Training;

/// <summary>
/// A run that is ready to begin: its nets, its solver's state, its folder. Built by <see cref="TrainingRunBuilder"/>,
/// carried out by <see cref="RunActor"/>. Written on the root replica's thread only, but for what says otherwise.
/// </summary>
internal sealed class TrainingRun : IDisposable
{
    private readonly long _started;
    private readonly SnapshotCopy _copy = new();
    private NetStand? _beforeTests;
    private EarlyStoppingState? _earlyBeforeTests;

    public TrainingRun(
        RunPlan plan, ReplicaGroup replicas, IReadOnlyList<TestNet> tests, RunLog log, TimeProvider time,
        ClusterPart? cluster = null)
    {
        Cluster = cluster;
        Plan = plan;
        Replicas = replicas;
        Tests = tests;
        Log = log;
        Time = time;
        _started = time.GetTimestamp();
        Smoothed = new SmoothedLoss(plan.Solver.AverageLoss);
        EarlyStopping = plan.EarlyStopping is { } early ? new EarlyStopping(early) : null;
        ImagesPerIteration = replicas.RecordsInAll(
            DataLayers(replicas.Root.Net).Select(entry => entry.Layer.BatchSize).DefaultIfEmpty(0).Max());
        EpochSize = DataLayers(replicas.Root.Net).Select(entry => entry.Layer.RecordCount).FirstOrDefault();
    }

    /// <summary>What its solver does.</summary>
    public ActorActivity SolverActivity { get; } = new("solver");

    /// <summary>What the writer of its snapshots does.</summary>
    public ActorActivity SnapshotActivity { get; } = new("snapshot writer");

    /// <summary>What makes it one of a cluster's; null: it is alone.</summary>
    public ClusterPart? Cluster { get; }

    /// <summary>What the actors do that training waits for, once they are there.</summary>
    public IReadOnlyList<ActorActivity> Activities { get; set; } = [];

    /// <summary>What the run does.</summary>
    public RunPlan Plan { get; }

    /// <summary>The solver.</summary>
    public SolverParameter Solver => Plan.Solver;

    /// <summary>The replicas that train.</summary>
    public ReplicaGroup Replicas { get; }

    /// <summary>The test nets.</summary>
    public IReadOnlyList<TestNet> Tests { get; }

    /// <summary>The log. Thread-safe.</summary>
    public RunLog Log { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>The run's folder.</summary>
    public required RunDirectory Folder { get; init; }

    /// <summary>Its metrics files. Written by the observers' thread only.</summary>
    public required ParquetMetricSink Metrics { get; init; }

    /// <summary>How often metrics could not be written. Counted on the observers' thread; read when the run is
    /// over.</summary>
    public long MetricFailures { get; set; }

    /// <summary>Its snapshots. Written by the snapshots' thread only.</summary>
    public required SnapshotStore Snapshots { get; init; }

    /// <summary>Which snapshot is the best; null where none is set apart.</summary>
    public SnapshotRanking? Ranking { get; init; }

    /// <summary>The seed of all random streams.</summary>
    public ulong Seed { get; init; }

    /// <summary>Which start of the run this is, from 0.</summary>
    public int Segment { get; init; }

    /// <summary>How often the run has gone back to an older snapshot; null for never.</summary>
    public RollbackState? Rollback { get; init; }

    /// <summary>Whether this start is such a going back.</summary>
    public bool WentBack { get; init; }

    /// <summary>Updates done before this start.</summary>
    public int StartIteration { get; init; }

    /// <summary>Updates done. Other threads may read it.</summary>
    public int Iteration { get; set; }

    /// <summary>Updates to be done in all.</summary>
    public int MaxIteration => Solver.MaxIter;

    /// <summary>The iteration of the last tests of this start, or -1.</summary>
    public int TestedAt { get; private set; } = -1;

    /// <summary>The iteration of the last tests that are done, or -1.</summary>
    public int TestsEndedAt { get; set; } = -1;

    /// <summary>The iteration of the last snapshot of this start, or the one it goes on from, or -1.</summary>
    public int SnapshotAt { get; set; } = -1;

    /// <summary>The loss averaged over average_loss iterations.</summary>
    public SmoothedLoss Smoothed { get; }

    /// <summary>Whether the run is to end before its last iteration; null where no metric decides.</summary>
    public EarlyStopping? EarlyStopping { get; }

    /// <summary>Images that one iteration takes; 0 for a net without data layers.</summary>
    public int ImagesPerIteration { get; }

    private long? EpochSize { get; }

    /// <summary>Passes over the training data after some iterations, or null where it is not known.</summary>
    public double? EpochAt(int iteration) =>
        EpochSize is > 0 ? (double)iteration * ImagesPerIteration / EpochSize.Value : null;

    /// <summary>Whether the time budget is used up.</summary>
    public bool TimeIsUp() => Plan.TimeBudget is { } budget && Time.GetElapsedTime(_started) >= budget;

    /// <summary>To be called before the tests of an iteration.</summary>
    public void BeginTests()
    {
        TestedAt = Iteration;
        _beforeTests = NetStand.Take(AllNets());
        _earlyBeforeTests = EarlyStopping?.State;
    }

    /// <summary>
    /// Everything the run goes on from, between two iterations. A resumed run begins with the tests of its iteration,
    /// so where these have run, or begun, the nets stand where they stood before them.
    /// </summary>
    /// <param name="copy">Whether blobs are copied, so that training can go on; the snapshot before must have been
    /// written then. Otherwise they are referred to, and training waits.</param>
    public WriteSnapshot Capture(bool copy)
    {
        new SolverLog(line => Log.Info(line)).Snapshotting(
            SnapshotNames.ModelOf(Snapshots.Prefix, Iteration, Snapshots.Format),
            SnapshotNames.StateOf(Snapshots.Prefix, Iteration, Snapshots.Format), Snapshots.Format);
        Ranking?.Add(Iteration);
        ResumeState resume = ResumeOf(StandOfNets());
        (NetWeights Net, SolverProgress Progress) now =
            (NetWeights.Of(Replicas.Root.Net), SolverProgress.Of(Iteration, Replicas.Optimizer));
        if (copy)
            now = _copy.Take(now.Net, now.Progress, Snapshots.WithDiff);
        return new WriteSnapshot(now.Net, now.Progress, resume);
    }

    /// <summary>Where the nets stand: where tests have run, or begun, in this iteration, before them.</summary>
    public NetStand StandOfNets() =>
        TestedAt == Iteration && _beforeTests is not null ? _beforeTests : NetStand.Take(AllNets());

    /// <summary>What an exact resume needs besides weights and history.</summary>
    /// <param name="stand">Where the nets stand.</param>
    public ResumeState ResumeOf(NetStand stand) =>
        ResumeState.Of(Plan.Nets.Train, Solver, Seed, stand, Replicas.Optimizer, Smoothed) with
        {
            Iteration = Iteration,
            RunId = Folder.RunId,
            EarlyStopping = TestedAt == Iteration && _beforeTests is not null
                ? _earlyBeforeTests : EarlyStopping?.State,
            Rollback = Rollback,
            MetricSegment = Segment,
            MetricStep = Iteration,
            // Nodes of a cluster are all at one place in the data.
            WorldSize = Cluster is null ? Replicas.Replicas.Count : 1,
            BatchRecords = Cluster?.BatchRecords ?? 0,
            BestSnapshot = Ranking?.Best,
            Blas = Replicas.Root.Device.Blas?.Choice ?? BlasChoice.Managed,
        };

    /// <summary>The tests of an iteration were done before this start of the run.</summary>
    /// <param name="iteration">The iteration; -1 for none.</param>
    public void SkipTestsOf(int iteration) => TestedAt = TestsEndedAt = iteration;

    /// <summary>Writes a snapshot. Called on the snapshots' thread.</summary>
    public void Write(WriteSnapshot content) => Snapshots.Save(content.Net, content.Progress, content.Resume);

    /// <summary>All nets, as <c>.resume</c> names them: <c>train</c>, the root's, <c>test0</c>, ..., and those of
    /// the other replicas, <c>train.1</c>, ....</summary>
    public IReadOnlyList<(string Key, Net Net)> AllNets() =>
    [
        .. NetNames.OfReplicas(Replicas).Take(1),
        .. Tests.Select((test, i) => ($"test{i}", test.Net)),
        .. NetNames.OfReplicas(Replicas).Skip(1),
    ];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (TestNet test in Tests)
            test.Net.Dispose();
        Replicas.Dispose();
        _copy.Dispose();
        Folder.Dispose();
    }

    private static IEnumerable<(string Name, BatchLayer Layer)> DataLayers(Net net) =>
        net.Layers.Where(layer => layer.Layer is BatchLayer).Select(layer => (layer.Name, (BatchLayer)layer.Layer));
}
