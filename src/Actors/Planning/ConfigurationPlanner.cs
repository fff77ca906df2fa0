using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Cpu.Gemm;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Layers;
using CaffeActors.Data.Nets;

namespace CaffeActors.Actors.Planning;

/// <summary>Makes a plan of a run configuration: chooses the data set, applies the overrides, plans the
/// solver.</summary>
public static class ConfigurationPlanner
{
    /// <summary>Plans a configuration.</summary>
    /// <param name="settings">The configuration.</param>
    /// <param name="path">Its file.</param>
    /// <param name="options">The command line, which wins.</param>
    /// <param name="notice">Hears remarks.</param>
    /// <param name="progress">Hears how far the making of a database is: its name, records done, records in
    /// all.</param>
    /// <exception cref="CaffeException">Something does not fit; the place is the value's.</exception>
    public static RunPlan Plan(
        CaffeActorsSettings settings, string path, PlanOptions options, Action<string> notice,
        Action<string, long, long>? progress = null)
    {
        PathFinder paths = new PathFinder().Beside(path);
        DataSetChoice? chosen = DataSetChoice.Of(settings.Data, paths, notice, progress);
        if (chosen?.Folder is { } folder)
            paths = paths.In(folder);
        List<OverrideSettings> overrides = chosen is null ? [settings.Overrides]
            : [chosen.Set.Overrides, settings.Overrides];

        string solverPath = paths.Resolve(SolverOf(settings));
        SolverParameter solver = NetFiles.ReadSolver(solverPath, notice);
        if (settings.Train.Net.Length > 0)
            ReplaceNet(solver, paths.Resolve(settings.Train.Net));
        foreach (OverrideSettings set in overrides)
            ProtoOverride.Apply(solver, set.Solver.Values);
        RunPlan plan = SolverPlanner.Plan(
            solver, solverPath, paths.Beside(solverPath), net => Override(net, overrides), With(settings, options),
            notice);
        return plan with
        {
            Name = options.RunName ?? NameOf(settings, path),
            Extensions = Extensions(overrides, plan.Nets),
            LoadThreads = settings.Data.Threads,
            WaitLimit = settings.Run.WaitLimit,
            Parallel = settings.Parallel with { Devices = plan.Parallel.Devices },
            Passes = settings.Passes,
            Blas = settings.Blas,
            GpuBlas = settings.GpuBlas,
            Recompute = settings.Recompute,
            MemoryLimit = settings.MemoryLimit,
            Kernels = KernelFamily.Of(settings.Kernels),
            Winograd = settings.Winograd,
            ConfigPath = path,
            ResolvedConfig = settings.Resolved.Render(),
            SnapshotsInRunFolder = true,
            OnDivergence = settings.Train.OnDivergence,
            EarlyStopping = settings.Train.EarlyStopping,
            Acceptance = settings.Acceptance,
            Snapshots = settings.Snapshots,
            SystemMetricsEvery = settings.Metrics.SystemEvery,
            MetricsFlushInterval = settings.Metrics.FlushInterval,
            Live = settings.Live,
            Cluster = options.Cluster.Over(settings.Cluster),
            AkkaConfig = settings.Akka,
        };
    }

    /// <summary>The data sets of a configuration in order of preference, and what each lacks: the first that lacks
    /// nothing is the one that a run uses.</summary>
    /// <param name="settings">The configuration.</param>
    /// <param name="path">Its file.</param>
    /// <returns>Names, and why a set is not there; null where it is.</returns>
    public static IReadOnlyList<(string Name, string? Lack)> DataSets(CaffeActorsSettings settings, string path)
    {
        PathFinder paths = new PathFinder().Beside(path);
        return [.. settings.Data.Sets.Select(set => (set.Name, DataSetChoice.Lack(set, paths)))];
    }

    private static string NameOf(CaffeActorsSettings settings, string path) =>
        settings.Run.Name.Length > 0 ? settings.Run.Name : Path.GetFileNameWithoutExtension(path);

    private static string SolverOf(CaffeActorsSettings settings) => settings.Train.Solver.Length > 0
        ? settings.Train.Solver
        : throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
            "train.solver is not set; it must name a solver (prototxt)", settings.Resolved.Place);

    private static PlanOptions With(CaffeActorsSettings settings, PlanOptions options) => options with
    {
        Weights = options.Weights ?? (options.Snapshot is null && settings.Train.Weights.Count > 0
            ? string.Join(',', settings.Train.Weights) : null),
        LayerAssemblies = [.. settings.LayerAssemblies, .. options.LayerAssemblies],
        Level = options.Level ?? settings.Train.Level,
        Stages = options.Stages ?? string.Join(',', settings.Train.Stages),
        MaxIter = options.MaxIter ?? settings.Train.MaxIter,
        Seed = options.Seed ?? settings.Train.Seed,
        OutputRoot = options.OutputRoot ?? settings.Run.OutputRoot,
        Resume = options.Resume ?? settings.Train.Resume,
        TimeBudget = options.TimeBudget ?? settings.Train.TimeBudget,
        Threads = options.Threads ?? settings.Threads,
        Precision = options.Precision ?? settings.Precision,
        GradScale = options.GradScale ?? settings.GradScale,
        Devices = options.Devices ?? settings.Parallel.Devices,
    };

    private static void ReplaceNet(SolverParameter solver, string net)
    {
        solver.NetParam = null;
        solver.ClearTrainNet();
        solver.TrainNetParam = null;
        solver.Net = net;
    }

    private static void Override(NetParameter net, List<OverrideSettings> overrides)
    {
        bool isTrain = net.State.Phase == Phase.Train;
        foreach (OverrideSettings set in overrides)
        {
            Override(net, set.Layers.Values);
            Override(net, isTrain ? set.LayersTrain.Values : set.LayersTest.Values);
        }
    }

    private static void Override(NetParameter net, HoconObject layers)
    {
        foreach (string name in layers.Keys)
        {
            LayerParameter[] targets = [.. net.Layer.Where(layer => layer.Name == name)];
            if (targets.Length == 0)
            {
                string hint = Nearest.Of(name, net.Layer.Select(layer => layer.Name)) is { } near
                    ? $"; did you mean '{near}'?" : "";
                throw new CaffeException(ErrorCodes.UnknownKey, FailureKind.Configuration,
                    $"net '{net.Name}' has no layer '{name}'{hint}", layers.PlaceOfKey(name));
            }

            HoconObject fields = layers[name] as HoconObject
                ?? throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
                    $"layer '{name}' must be given fields: \"{name}\" {{ ... }}", layers[name].Place);
            foreach (LayerParameter target in targets)
                ProtoOverride.Apply(target, fields);
        }
    }

    private static Dictionary<string, object> Extensions(List<OverrideSettings> overrides, SolverNets nets)
    {
        string[] layers =
        [
            .. nets.Tests.Select(test => test.Net).Prepend(nets.Train)
                .SelectMany(net => net.Layer).Select(layer => layer.Name).Distinct(),
        ];
        Dictionary<string, object> extensions = [];
        foreach (OverrideSettings set in overrides)
        {
            foreach (string layer in set.Extensions.Values.Keys)
            {
                if (!layers.Contains(layer))
                {
                    string hint = Nearest.Of(layer, layers) is { } near ? $"; did you mean '{near}'?" : "";
                    throw new CaffeException(ErrorCodes.UnknownKey, FailureKind.Configuration,
                        $"no net has a layer '{layer}' to extend{hint}", set.Extensions.Values.PlaceOfKey(layer));
                }

                var before = (DataExtension)extensions.GetValueOrDefault(layer, new DataExtension());
                extensions[layer] = ExtensionReader.Read(set.Extensions.Section(layer), before);
            }
        }

        return extensions;
    }
}
