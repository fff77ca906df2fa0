using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Tools;

namespace CaffeActors.Actors.Planning.Validation;

/// <summary>Looks at the nets that belong together: each by itself, then what they take as a whole.</summary>
/// <param name="catalog">The layer types.</param>
/// <param name="resolvePath">Finds files that nets name.</param>
/// <param name="options">What the command line says.</param>
/// <param name="findings">Hears what is wrong.</param>
/// <param name="misread">Places of layers that have fields that could not be read.</param>
internal sealed class PlanCheck(
    LayerCatalog catalog, Func<string, string> resolvePath, ValidationOptions options, Findings findings,
    IReadOnlyList<SourcePlace> misread) : IDisposable
{
    private readonly CpuDevice _device = new(1);
    private readonly List<NetParameter> _buildable = [];
    private bool _isWhole = true;

    /// <summary>Settings beyond Caffe's schema, by layer name.</summary>
    public IReadOnlyDictionary<string, object> Extensions { get; init; } = new Dictionary<string, object>();

    /// <summary>The nets that can be built.</summary>
    public List<NetFacts> Facts { get; } = [];

    /// <summary>Bytes that are certain to be needed, where that could be told.</summary>
    public long? MemoryNeeded { get; private set; }

    /// <summary>Bytes there are.</summary>
    public long Memory { get; private set; } = options.Memory ?? MachineMemory.Bytes;

    private NetOptions Options => new(
        new LayerContext(_device, seed: 0) { ResolvePath = resolvePath, Extensions = Extensions }, catalog);

    /// <summary>Looks at one net: whether it can be built, and its labels.</summary>
    /// <param name="net">The net, its state set.</param>
    public void LookAt(NetParameter net)
    {
        var check = new NetCheck(Options, options.InputShapes, findings) { Misread = misread };
        if (check.Buildable(net) is not { } buildable)
        {
            _isWhole = false;
            return;
        }

        _buildable.Add(buildable);
        using Net built = NetBuilder.Build(buildable.CloneWithPlaces(), Options);
        // Inputs in the place of data have no labels.
        int seen = ReferenceEquals(net, buildable) ? new LabelCheck(built, findings).Look() : 0;
        Facts.Add(new NetFacts(
            built.Name, built.Phase, built.Layers.Count(layer => layer.Layer.Type != "Split"),
            built.LearnableParams.Sum(param => (long)param.Blob.Count), seen));
    }

    /// <summary>Looks at what a plan's nets are as a whole: whether something is learned, cut and measured as asked,
    /// and the memory.</summary>
    /// <param name="plan">The plan.</param>
    public void LookAt(RunPlan plan)
    {
        Memory = plan.MemoryLimit ?? Memory;
        Try(() => plan.DescribeReplicas());
        if (!_isWhole || plan.Parallel.Placement.Count > 0)
            return;
        List<Net> nets = [];
        try
        {
            nets.Add(Built(_buildable[0], new NetUse(Backward: true) { Recompute = plan.Recompute }, plan));
            nets.AddRange(_buildable.Skip(1).Select(net => Built(net, new NetUse(Backward: false), plan)));
            if (!nets[0].OutputNames.Any(name => nets[0].LossWeightOf(name) != 0))
            {
                findings.Warn(ErrorCodes.DoubtfulNet, $"net '{nets[0].Name}' has no loss in phase TRAIN, so nothing is "
                    + "learned", SourcePlaces.Of(plan.Nets.Train));
            }

            TestNet[] tests =
                [.. nets.Skip(1).Zip(plan.Nets.Tests, (net, test) => new TestNet(net, test.Iterations))];
            if (plan.EarlyStopping is { } early)
                Try(() => EarlyStopping.RequireMeasured(early, plan.Solver, nets[0], tests));
            if (plan.Snapshots.KeepBest is { } best)
            {
                Try(() => TestMetrics.Require(
                    "snapshot.keep-best", best.Metric, tests, plan.Solver.TestComputeLoss));
            }

            if (plan.Parallel.Devices.All(device => device.Kind == DeviceId.Cpu))
                RequireMemory(plan, nets);
        }
        finally
        {
            foreach (Net net in nets)
                net.Dispose();
        }
    }

    /// <summary>Estimates what running the nets forward takes, the largest of them.</summary>
    public void EstimateForward()
    {
        foreach (NetParameter parameter in _buildable)
        {
            using Net net = NetBuilder.Build(
                parameter.CloneWithPlaces(), Options with { Use = new NetUse(Backward: false) });
            var demand = MemoryDemand.OfForward(net);
            MemoryNeeded = Math.Max(MemoryNeeded ?? 0, demand.Bytes);
            Try(() => demand.RequireFits($"the net '{net.Name}'", Memory));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _device.Dispose();

    private Net Built(NetParameter net, NetUse use, RunPlan plan) => NetBuilder.Build(
        net.CloneWithPlaces(), Options with { Use = use, Precision = plan.Precision, Passes = plan.Passes });

    private void RequireMemory(RunPlan plan, List<Net> nets)
    {
        using var optimizer = new Optimizer(plan.Solver, nets[0].LearnableParams, _device);
        var demand = MemoryDemand.OfTraining(
            [.. Enumerable.Repeat(nets[0], plan.Parallel.Devices.Count)], optimizer, nets.Skip(1));
        if (plan.Solver.Snapshot > 0)
            demand.AddSnapshotCopy(nets[0], optimizer, plan.Solver.SnapshotDiff);
        MemoryNeeded = demand.Bytes;
        Try(() => demand.RequireFits("training", Memory));
    }

    private void Try(Action look)
    {
        try
        {
            look();
        }
        catch (CaffeException failure)
        {
            findings.Add(failure);
        }
    }
}
