using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Planning.Validation;
using CaffeActors.Actors.Training;
using CaffeActors.Api;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Nets;
using CaffeActors.Data.PlugIns;
using CaffeActors.Data.Runs;

namespace CaffeActors.Cli;

/// <summary>A net that is to be written for other programs: where it comes from, and how it is opened.</summary>
/// <param name="Net">The net, its state set.</param>
/// <param name="ResolvePath">Finds files that it names.</param>
/// <param name="Options">What it is opened with.</param>
/// <param name="Weights">The weights that come with it; null for none.</param>
internal sealed record ExportedModel(
    NetParameter Net, Func<string, string> ResolvePath, CaffeNetOptions Options, string? Weights)
{
    /// <summary>Whether a name is a file's rather than a run's.</summary>
    public static bool IsFile(string model) =>
        File.Exists(model) || Validator.IsConfiguration(model)
        || Path.GetExtension(model).ToLowerInvariant() is ".prototxt" or ".pbtxt";

    /// <summary>A net of a file: a net, a solver or a run configuration.</summary>
    /// <param name="file">The file.</param>
    /// <param name="phase">The phase.</param>
    /// <param name="layers">Libraries of layers.</param>
    /// <param name="terminal">Whose environment counts, and who hears remarks.</param>
    /// <exception cref="CaffeException">It cannot be read.</exception>
    public static ExportedModel OfFile(
        string file, Phase phase, IReadOnlyList<LibraryReference> layers, Terminal terminal)
    {
        Action<string> notice = terminal.Error.WriteLine;
        if (Validator.IsConfiguration(file))
            return OfPlan(PlanFiles.OfConfiguration(file, file, terminal, notice), phase, weights: null);
        if (NetFiles.IsSolver(file))
            return OfPlan(SolverPlanner.FromFile(file, new PlanOptions(), notice), phase, weights: null);
        NetParameter net = NetFiles.ReadNet(file, notice);
        net.State = NetStates.Merge(Phase.Test, net.State, new NetState { Phase = phase });
        return new(net, new PathFinder().Beside(file).Resolve, new CaffeNetOptions { LayerAssemblies = layers }, null);
    }

    /// <summary>A run's net and the weights of its newest snapshot.</summary>
    /// <param name="run">The run.</param>
    /// <param name="phase">The phase.</param>
    /// <param name="terminal">Whose environment counts, and who hears remarks.</param>
    /// <exception cref="CaffeException">Its files cannot be read.</exception>
    public static ExportedModel OfRun(RunRecord run, Phase phase, Terminal terminal) =>
        OfPlan(PlanFiles.OfRun(run, terminal, terminal.Error.WriteLine), phase, ExportedWeights.OfRun(run));

    /// <summary>Opens the net with inputs in the place of its data layers.</summary>
    /// <param name="shapes">Shapes of their tops that the net does not tell.</param>
    /// <param name="notice">Hears remarks.</param>
    /// <exception cref="CaffeException">It cannot be built.</exception>
    public CaffeNet Open(IReadOnlyDictionary<string, int[]> shapes, Action<string> notice) => CaffeNet.Open(
        Net, Options with
        {
            Use = new NetUse(Backward: false),
            WithoutData = true,
            InputShapes = shapes,
            Notice = notice,
            TellBuild = false,
        }, ResolvePath);

    /// <summary>The shapes of what its data layers read, as the data themselves say.</summary>
    /// <exception cref="CaffeException">The data are not there.</exception>
    public IReadOnlyDictionary<string, int[]> ShapesOfData()
    {
        using CaffeNet net = CaffeNet.Open(Net, Options with { TellBuild = false }, ResolvePath);
        return net.Layers.Where(layer => layer.Bottom.Length == 0)
            .SelectMany(layer => layer.TopNames.Zip(layer.Top))
            .ToDictionary(top => top.First, top => top.Second.Shape.ToArray());
    }

    private static ExportedModel OfPlan(RunPlan plan, Phase phase, string? weights) => new(
        phase == Phase.Test && plan.Nets.Tests is [{ } test, ..] ? test.Net : plan.Nets.Train, plan.ResolvePath,
        new CaffeNetOptions { Catalog = plan.Catalog, Extensions = plan.Extensions }, weights);
}
