using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using CaffeActors.Data.Layers;
using CaffeActors.Data.Transforms;
using CaffeActors.Testing;

namespace CaffeActors.Actors.Tests.Planning;

public sealed class ConfigurationPlannerTests : IDisposable
{
    private const string Net = """
        name: "n"
        layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN } data_param { source: "a"
          batch_size: 4 } }
        layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TEST } data_param { source: "b"
          batch_size: 8 } }
        layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 3 } }
        """;

    private readonly TemporaryFolder _folder = new();

    public ConfigurationPlannerTests()
    {
        File.WriteAllText(_folder.At("net.prototxt"), Net);
        File.WriteAllText(_folder.At("solver.prototxt"), """
            net: "net.prototxt" base_lr: 0.01 lr_policy: "fixed" max_iter: 10 test_iter: 2 test_interval: 5
              solver_mode: CPU
            """);
    }

    public void Dispose() => _folder.Dispose();

    private RunPlan Plan(string text, PlanOptions? options = null, Func<string, string?>? environment = null)
    {
        string path = _folder.At("run.hocon");
        File.WriteAllText(path, "train.solver = solver.prototxt\n" + text);
        CaffeActorsSettings settings = SettingsReader.ReadFile(path, [], environment ?? (static _ => null));
        return ConfigurationPlanner.Plan(settings, path, options ?? new PlanOptions(), static _ => { });
    }

    private CaffeException Refused(string text) => Assert.Throws<CaffeException>(() => Plan(text));

    private static LayerParameter Data(NetParameter net, Phase phase) =>
        net.Layer.Single(layer => layer.Name == "data" && layer.Include[0].Phase == phase);

    [Fact]
    public void Files_AreFoundBesideTheConfiguration()
    {
        RunPlan plan = Plan("");
        Assert.Equal("run", plan.Name);
        Assert.Equal(10, plan.Solver.MaxIter);
        Assert.Equal(Phase.Train, plan.Nets.Train.State.Phase);
        Assert.Equal(2, Assert.Single(plan.Nets.Tests).Iterations);
        Assert.True(plan.SnapshotsInRunFolder);
    }

    [Fact]
    public void Overrides_ReachLayersByNameAndPhase()
    {
        RunPlan plan = Plan("""
            solver.base_lr = 0.5
            layers."data".data_param.batch_size = 16
            layers-train."data".data_param.source = train_db
            layers-test."data".data_param.source = test_db
            extensions."data" { shuffle = on, resize-height = 8, resize-width = 9, color = yes
              labels = label_db }
            """);
        Assert.Equal(0.5f, plan.Solver.BaseLr);
        Assert.Equal(("train_db", 16u),
            (Data(plan.Nets.Train, Phase.Train).DataParam.Source, Data(plan.Nets.Train, Phase.Train)
            .DataParam.BatchSize));
        Assert.Equal("test_db", Data(plan.Nets.Tests[0].Net, Phase.Test).DataParam.Source);
        Assert.Equal(new DataExtension(true, 8, 9, true) { Labels = "label_db" }, plan.Extensions["data"]);
    }

    [Fact]
    public void AugmentationAndThreads_AreRead()
    {
        RunPlan plan = Plan("""
            data.threads = 3
            data.sets = [{ name = a, extensions."data" { rotate = 5, hue = 18 } }]
            extensions."data" {
              threads = 2, rotate = 10, scale-range = [0.8, 1.25], brightness = 0.1, contrast = 0.2, saturation = 0.3
              border = reflect, fill = 128, augment-test = on
            }
            """);
        Assert.Equal(3, plan.LoadThreads);
        Assert.Equal(
            new DataExtension(Threads: 2, Augmentation: new Augmentation(
                10, 0.8, 1.25, 0.1, 0.2, 0.3, 18, BorderRule.Reflect, 128, InTest: true)),
            plan.Extensions["data"]);
    }

    [Fact]
    public void FirstDataSetThatIsThere_IsUsedAndTheFileWinsOverIt()
    {
        string text = $$"""
            data.sets = [
              { name = gone, requires = [{{_folder.At("no such")}}], solver.max_iter = 1 }
              { name = unset, requires = [${?UNSET}], solver.max_iter = 2 }
              { name = here, requires = [{{_folder.Path}}], solver { max_iter = 3, display = 4 } }
              { name = later, solver.max_iter = 5 }
            ]
            solver.display = 9
            """;
        RunPlan plan = Plan(text);
        Assert.Equal((3, 9), (plan.Solver.MaxIter, plan.Solver.Display));
        Assert.Equal(2, Plan(text, environment: name => name == "UNSET" ? _folder.Path : null).Solver.MaxIter);
    }

    [Fact]
    public void NoDataSetThere_TellsWhatWasLookedFor()
    {
        CaffeException failure =
            Refused("data.sets = [{ name = one, requires = [/no/such] }, { name = two, embedded = cats }]");
        Assert.Equal(FailureKind.Data, failure.Kind);
        Assert.Equal(2, failure.Place?.Line);
        Assert.Contains("/no/such", failure.Message, StringComparison.Ordinal);
        Assert.Contains("cats", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("layers.dat.data_param.batch_size = 1", ErrorCodes.UnknownKey, "did you mean 'data'?")]
    [InlineData("layers.ip = 5", ErrorCodes.BadSetting, "fields")]
    [InlineData("extensions.data.shufle = on", ErrorCodes.UnknownKey, "did you mean 'shuffle'?")]
    [InlineData("extensions.dat.shuffle = on", ErrorCodes.UnknownKey, "did you mean 'data'?")]
    [InlineData("extensions.data.rotat = 1", ErrorCodes.UnknownKey, "did you mean 'rotate'?")]
    [InlineData("extensions.data.rotate = 181", ErrorCodes.BadSetting, "a number from 0 to 180")]
    [InlineData("extensions.data.scale-range = 2", ErrorCodes.BadSetting, "two numbers from 0.1 to 10")]
    [InlineData("extensions.data.scale-range = [2, 1]", ErrorCodes.BadSetting, "the smaller one first")]
    [InlineData("extensions.data.scale-range = [a, 1]", ErrorCodes.BadSetting, "two numbers")]
    [InlineData("extensions.data.border = wrap", ErrorCodes.BadSetting, "repeat, reflect, fill")]
    [InlineData("extensions.data.fill = 256", ErrorCodes.BadSetting, "from 0 to 255")]
    [InlineData("compute.recompute = all", ErrorCodes.BadSetting, "one of none, cheap")]
    [InlineData("compute.memory-limit = 0", ErrorCodes.BadSetting, "compute.memory-limit")]
    [InlineData("data.threads = -1", ErrorCodes.BadSetting, "from 0 to 1024")]
    [InlineData("train.solver = \"\"", ErrorCodes.BadSetting, "train.solver")]
    [InlineData("train.solver = nowhere.prototxt", ErrorCodes.FileNotFound, "nowhere.prototxt")]
    public void WhatDoesNotFit_IsRefused(string text, string code, string says)
    {
        CaffeException failure = Refused(text);
        Assert.Equal(code, failure.Code);
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CommandLine_WinsOverTheFile()
    {
        RunPlan plan = Plan(
            "train { max-iter = 5, seed = 1, weights = [a, b], resume = auto }, run { name = x, output-root = y }",
            new PlanOptions
            {
                MaxIter = 7,
                Seed = 2,
                RunName = "z",
                OutputRoot = "o",
                Weights = "c",
                Resume = ResumeMode.Must,
                Threads = 3
            });
        Assert.Equal((7, 2UL, "z", "o", ResumeMode.Must, 3),
            (plan.Solver.MaxIter, plan.Seed, plan.Name, plan.OutputRoot, plan.Resume, plan.Threads));
        Assert.Equal(["c"], plan.Weights);
    }

    [Fact]
    public void EveryConfigurationOfTheRepository_Plans()
    {
        foreach (string path in Directory.GetFiles(Repository.PathOf("configs"), "*.hocon"))
        {
            if (Path.GetFileName(path) == "defaults.hocon")
                continue;
            CaffeActorsSettings settings =
                SettingsReader.ReadFile(
                path, [], static name => name.EndsWith("_LMDB", StringComparison.Ordinal) ? "/" : null);
            RunPlan plan = ConfigurationPlanner.Plan(settings, path, new PlanOptions(), static _ => { });
            Assert.NotEmpty(plan.Nets.Tests);
        }
    }
}
