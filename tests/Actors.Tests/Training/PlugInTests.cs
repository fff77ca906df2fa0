using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.PlugIns;
using CaffeActors.Data.Snapshots;
using CaffeActors.Testing;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>Layers of a user's own run as actors like the rest: a source of data, a learnable layer with
/// noise.</summary>
public sealed class PlugInTests : IDisposable
{
    private const string ByType = """type: "Gain" python_param { param_str: "0.5" }""";
    private const string Python =
        """type: "Python" python_param { module: "CaffeActors.PluginSample" layer: "GainLayer" param_str: "0.5" }""";

    private readonly TemporaryFolder _folder = new();

    public PlugInTests() => _folder.Write("solver.prototxt", $"""
        net: "{_folder.At("net.prototxt")}" base_lr: 0.2 momentum: 0.9 lr_policy: "fixed" max_iter: 20 random_seed: 3
        test_iter: 2 test_interval: 10 solver_mode: CPU snapshot_prefix: "{_folder.At("snap")}"
        """);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ByType)]
    [InlineData(Python)]
    public async Task Net_TrainsSnapshotsAndResumesToTheSameBits(string gain)
    {
        WriteNet(gain);
        await TrainAsync(new PlanOptions { OutputRoot = _folder.At("whole") });
        byte[] whole = await File.ReadAllBytesAsync(
            _folder.At("snap_iter_20.caffemodel"), TestContext.Current.CancellationToken);
        Blob factor = Factor(_folder.At("snap_iter_20.caffemodel"));
        Assert.NotEqual(0.5f, factor.Scalar);

        await TrainAsync(new PlanOptions { OutputRoot = _folder.At("cut"), MaxIter = 10 });
        await TrainAsync(new PlanOptions
        {
            OutputRoot = _folder.At("resumed"),
            Snapshot = _folder.At("snap_iter_10.solverstate"),
        });
        Assert.Equal(whole, await File.ReadAllBytesAsync(
            _folder.At("snap_iter_20.caffemodel"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Configuration_NamesLibraries()
    {
        WriteNet(ByType);
        string config = _folder.Write("run.hocon", $$"""
            train.solver = "solver.prototxt"
            layers { assemblies = ["{{PluginSample.Path}}"], gain { python_param { param_str = "0.25" } } }
            """);
        CaffeActorsSettings settings = SettingsReader.ReadFile(config, [], static _ => null);
        Assert.Equal(["gain"], settings.Overrides.Layers.Values.Keys);
        List<string> notices = [];
        RunPlan plan = ConfigurationPlanner.Plan(
            settings, config, new PlanOptions { OutputRoot = _folder.At("runs"), MaxIter = 1 }, notices.Add);
        Assert.Contains("Gain", plan.Catalog.Types);
        Assert.Single(notices, line => line.StartsWith(
            $"Loading the class library '{PluginSample.Path}', named at {config}(2,", StringComparison.Ordinal));
        RunOutcome outcome = await new TrainingHost(
            plan, plan.Catalog, new RunLog(TextWriter.Null), TimeProvider.System).RunAsync(static _ => 0);
        Assert.Equal(RunEnd.Finished, outcome.End);
        string model = Directory.GetFiles(_folder.At("runs"), "*.caffemodel", SearchOption.AllDirectories).Single();
        Assert.InRange(Factor(model).Scalar, 0.2f, 0.3f);
    }

    [Fact]
    public void LayerCalledAssemblies_IsOverriddenByAnObject()
    {
        WriteNet(ByType.Replace("0.5", "1", StringComparison.Ordinal));
        File.WriteAllText(_folder.At("net.prototxt"), File.ReadAllText(_folder.At("net.prototxt"))
            .Replace("name: \"gain\"", "name: \"assemblies\"", StringComparison.Ordinal));
        string config = _folder.Write("run.hocon", """
            train.solver = "solver.prototxt"
            layers.assemblies { python_param { param_str = "0.75" } }
            """);
        CaffeActorsSettings settings = SettingsReader.ReadFile(config, [], static _ => null);
        Assert.Empty(settings.LayerAssemblies);
        RunPlan plan = ConfigurationPlanner.Plan(settings, config, new PlanOptions(), static _ => { });
        LayerParameter layer = plan.Nets.Train.Layer.Single(layer => layer.Name == "assemblies");
        Assert.Equal("0.75", layer.PythonParam.ParamStr);
    }

    [Fact]
    public void MissingLibrary_IsToldWithItsPlace()
    {
        WriteNet(ByType);
        string config = _folder.Write("run.hocon", "train.solver = \"solver.prototxt\"\nlayers.assemblies = [gone]");
        CaffeActorsSettings settings = SettingsReader.ReadFile(config, [], static _ => null);
        var failure = Assert.Throws<CaffeException>(
            () => ConfigurationPlanner.Plan(settings, config, new PlanOptions(), static _ => { }));
        Assert.Equal((ErrorCodes.FileNotFound, new SourcePlace(config, 2, 22)), (failure.Code, failure.Place));
    }

    [Fact]
    public void Assemblies_MayBeOneOrMany()
    {
        CaffeActorsSettings settings = SettingsReader.ReadFile(_folder.Write("run.hocon", ""),
            ["layers.assemblies=one.dll"], static _ => null);
        Assert.Equal("one.dll", Assert.Single(settings.LayerAssemblies).Name);
        settings = SettingsReader.ReadFile(_folder.Write("run.hocon", "layers.assemblies = [a, b]"), [],
            static _ => null);
        Assert.Equal(["a", "b"], settings.LayerAssemblies.Select(library => library.Name));
    }

    [Fact]
    public void Assemblies_AreText()
    {
        var failure = Assert.Throws<CaffeException>(() => SettingsReader.ReadFile(
            _folder.Write("run.hocon", "layers.assemblies = [{ a = 1 }]"), [], static _ => null));
        Assert.Equal((ErrorCodes.BadSetting, 1), (failure.Code, failure.Place?.Line));
        Assert.Contains("layers.assemblies", failure.Message, StringComparison.Ordinal);
    }

    private static Blob Factor(string model)
    {
        var blob = new Blob();
        blob.FromProto(WeightsFile.Read(model).Layer.Single(layer => layer.Name == "gain").Blobs[0]);
        return blob;
    }

    private void WriteNet(string gain) => _folder.Write("net.prototxt", $$"""
        name: "plugged"
        layer { name: "data" type: "Waves" top: "data" top: "label" }
        layer { name: "gain" {{gain}} bottom: "data" top: "gain" }
        layer { name: "ip" type: "InnerProduct" bottom: "gain" top: "ip"
          inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
        """);

    private async Task TrainAsync(PlanOptions options)
    {
        options = options with { LayerAssemblies = [new LibraryReference(PluginSample.Path)], Threads = 1 };
        RunPlan plan = SolverPlanner.FromFile(_folder.At("solver.prototxt"), options, static _ => { });
        RunOutcome outcome = await new TrainingHost(
            plan, plan.Catalog, new RunLog(TextWriter.Null), TimeProvider.System).RunAsync(static _ => 0);
        Assert.Null(outcome.Failure);
        Assert.Equal(RunEnd.Finished, outcome.End);
    }
}
