using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Nets;
using CaffeActors.Data.PlugIns;

namespace CaffeActors.Actors.Planning;

/// <summary>Makes a plan of a solver: the way of a bare <c>solver.prototxt</c>, and the second half of a
/// configuration's.</summary>
public static class SolverPlanner
{
    /// <summary>Plans what a solver file says, as Caffe's <c>train</c> does.</summary>
    /// <param name="path">The solver file.</param>
    /// <param name="options">The command line.</param>
    /// <param name="notice">Hears remarks.</param>
    public static RunPlan FromFile(string path, PlanOptions options, Action<string> notice)
    {
        SolverParameter solver = NetFiles.ReadSolver(path, notice);
        return Plan(solver, path, new PathFinder().Beside(path), static _ => { }, options, notice) with
        {
            ConfigPath = path,
            Cluster = options.Cluster.Over(new ClusterSettings()),
        };
    }

    /// <summary>Plans a solver whose overrides are applied.</summary>
    /// <param name="solver">The solver; it is changed.</param>
    /// <param name="path">The solver's file.</param>
    /// <param name="paths">Finds the files it names.</param>
    /// <param name="overrideNet">Applied to every net, its state set.</param>
    /// <param name="options">The command line.</param>
    /// <param name="notice">Hears remarks.</param>
    internal static RunPlan Plan(
        SolverParameter solver, string path, PathFinder paths, Action<NetParameter> overrideNet, PlanOptions options,
        Action<string> notice)
    {
        if (options.Snapshot is not null && options.Weights is not null)
        {
            throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration,
                "--snapshot and --weights exclude each other: a snapshot brings its weights along");
        }

        var parallel = new ParallelSettings
        {
            Devices = options.Devices is { Count: > 0 } devices ? devices
                : DeviceList.Of(solver, options.Warning ?? notice),
        };
        if (options.MaxIter is { } maxIter)
            solver.MaxIter = maxIter;
        SetTrainState(solver, options);
        if (!solver.HasSnapshotPrefix || solver.SnapshotPrefix.Length == 0)
            solver.SnapshotPrefix =
                Path.Combine(Path.GetDirectoryName(path) ?? "", Path.GetFileNameWithoutExtension(path));
        else if (Directory.Exists(solver.SnapshotPrefix))
            solver.SnapshotPrefix = Path.Combine(solver.SnapshotPrefix, Path.GetFileNameWithoutExtension(path));
        SolverNets nets = SolverNets.Of(solver, file => NetFiles.ReadNet(paths.Resolve(file), notice));
        overrideNet(nets.Train);
        foreach (SolverTestNet test in nets.Tests)
            overrideNet(test.Net);
        IEnumerable<string> weights = options.Snapshot is not null ? []
            : options.Weights is not null ? [options.Weights]
            : solver.Weights;
        return new RunPlan
        {
            Name = options.RunName ?? Path.GetFileNameWithoutExtension(path),
            Solver = solver,
            Nets = nets,
            ResolvePath = paths.Resolve,
            Catalog = LayerPlugIns.Catalog(options.LayerAssemblies, paths.Resolve, notice),
            Weights = [.. weights.SelectMany(list =>
                list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))],
            Snapshot = options.Snapshot,
            Seed = options.Seed,
            Threads = options.Threads ?? 0,
            Precision = options.Precision ?? StorageType.Float32,
            GradScale = options.GradScale,
            Parallel = parallel,
            OutputRoot = options.OutputRoot ?? "runs",
            Resume = options.Resume ?? ResumeMode.Never,
            TimeBudget = options.TimeBudget,
        };
    }

    // Caffe's command line always adds a stage, the empty one where none is given.
    private static void SetTrainState(SolverParameter solver, PlanOptions options)
    {
        solver.TrainState ??= new NetState();
        if (options.Level is not null || !solver.TrainState.HasLevel)
            solver.TrainState.Level = options.Level ?? 0;
        solver.TrainState.Stage.AddRange((options.Stages ?? "").Split(','));
    }
}
