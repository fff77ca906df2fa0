using System.Text.Json;
using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>net validate: everything that is wrong, at once.</summary>
public sealed class NetValidateCommandTests : IDisposable
{
    private const string Input =
        """layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }""";

    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    private async Task<string[]> FindingsAsync(int code, string file, params string[] more)
    {
        int actual = await _cli.RunAsync(["net", "validate", file, .. more]);
        Assert.True(code == actual, $"{actual}: {_cli.Out}{_cli.Error}");
        Assert.Empty(_cli.Error);
        return [.. _cli.Out.Split('\n').Where(line => line.Contains(" CFA", StringComparison.Ordinal))];
    }

    private static void AssertLines(string[] lines, params string[] parts)
    {
        Assert.True(lines.Length == parts.Length, string.Join('\n', lines));
        for (int i = 0; i < parts.Length; i++)
            Assert.Contains(parts[i], lines[i], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Net_ShowsEachOfItsFaults()
    {
        string net = _cli.Write("net.prototxt", $$"""
            name: "n"
            {{Input}}
            layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_outputs: 4 } }
            layer { name: "relu" type: "ReLu" bottom: "y" top: "y" }
            layer { name: "norm" type: "LRN" bottom: "x" top: "n" lrn_param { local_size: four } }
            layer { name: "sum" type: "Eltwise" bottom: "xx" bottom: "x" top: "s" }
            layer { name: "ip2" type: "InnerProduct" bottom: "x" top: "z" }
            nam: "m"
            """);
        string[] lines = await FindingsAsync(2, net);
        AssertLines(
            lines,
            $"{net}(3,84): error CFA1102: InnerProductParameter has no field 'num_outputs'. Did you mean 'num_output'?",
            $"{net}(4,1): error CFA1201: layer 'relu' has the type 'ReLu', which is not known; did you mean 'ReLU'",
            $"{net}(5,79): error CFA1103: 'local_size'",
            $"{net}(6,37): error CFA1205: layer 'sum': bottom 0 is 'xx', which no layer before it produces",
            $"{net}(7,1): error CFA1202: layer 'ip2'",
            $"{net}(8,1): error CFA1102: NetParameter has no field 'nam'. Did you mean 'name'?");
        Assert.EndsWith($"'{net}' (net): 6 error(s), 0 warning(s)\n", _cli.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SoundNet_IsToldInBothPhases()
    {
        string net = _cli.Write("net.prototxt", $$"""
            name: "n"
            {{Input}}
            layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 4 } }
            layer { name: "relu" type: "ReLU" bottom: "y" top: "z" include { phase: TRAIN } }
            """);
        Assert.Empty(await FindingsAsync(0, net));
        Assert.Contains("net 'n', TRAIN: 3 layers, 16 parameters\nnet 'n', TEST: 2 layers, 16 parameters\n", _cli.Out,
            StringComparison.Ordinal);
        Assert.Matches(@"memory: [\d.]+ \w*B at least to run, of [\d.]+ GiB\n", _cli.Out);
        Assert.Empty(await FindingsAsync(0, net, "--phase", "TEST"));
        Assert.DoesNotContain("TRAIN", _cli.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_AreComparedWithTheOutputs()
    {
        string solver = _cli.Solver(_cli.Database(classes: 5));
        AssertLines(
            await FindingsAsync(2, solver),
            "net.prototxt(6,1): error CFA1503: layer 'loss' (SoftmaxWithLoss): label 3 of item 3 of the batch is none "
            + "of the 3 classes (0 to 2)");
        Assert.Contains("(record '00000003' of layer 'data')", _cli.Out, StringComparison.Ordinal);
        solver = _cli.Solver(_cli.At("db"), ip: "num_output: 5");
        Assert.Empty(await FindingsAsync(0, solver));
        Assert.Contains("labels of 80 records seen", _cli.Out, StringComparison.Ordinal);
        Assert.Contains("at least to train, of ", _cli.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DataThatAreNotThere_AreAWarning_AndTheRestIsLookedAt()
    {
        string solver = _cli.Solver(_cli.At("nowhere"), ip: "");
        AssertLines(
            await FindingsAsync(0, solver), "net.prototxt(2,1): warning CFA1501",
            "give it with --input-shape data=N,C,H,W");
        AssertLines(
            await FindingsAsync(2, solver, "--input-shape", "data=4,1,8,8", "--input-shape", "label=4"),
            "warning CFA1501", "net.prototxt(4,1): error CFA1202: layer 'ip'");
    }

    [Theory]
    [InlineData("lr_policy: 'step' gamma: 0.1 stepsize: 100", "(2,1): warning CFA1302: lr_policy 'step' never changes")]
    [InlineData("lr_policy: 'step' gamma: 0.1 stepsize: 1", "(2,19): warning CFA1302: gamma lets the rate fall to ")]
    [InlineData("lr_policy: 'step' stepsize: 10", "(2,1): warning CFA1302: lr_policy lets the rate fall to 0: from "
        + "iteration 10 of 100 on nothing is learned")]
    [InlineData("lr_policy: 'multistep' gamma: 0.1 stepvalue: 50 stepvalue: 20 stepvalue: 200",
        "(2,35): warning CFA1302: stepvalue 20 follows 50", "(2,35): warning CFA1302: stepvalue 200 is never reached")]
    [InlineData("lr_policy: 'exp' gamma: 1.1", "(2,1): warning CFA1302: lr_policy 'exp' lets the rate grow to ")]
    [InlineData("lr_policy: 'fixed' momentum: 1.5", "(2,20): warning CFA1302: momentum is 1.5")]
    [InlineData("lr_policy: 'poly' power: 1")]
    [InlineData("lr_policy: 'inv' gamma: 0.0001 power: 0.75 momentum: 0.9 weight_decay: 0.0005")]
    public async Task RatesThatCanHardlyBeMeant_AreWarnings(string policy, params string[] warnings)
    {
        _cli.Solver(_cli.Database());
        string solver = _cli.Write(
            "s.prototxt", $"net: '{_cli.At("net.prototxt")}' base_lr: 0.5 max_iter: 100 solver_mode: CPU\n{policy}\n");
        AssertLines(await FindingsAsync(0, solver), warnings);
    }

    [Fact]
    public async Task Solver_ShowsItsOwnFaultsAndItsNets()
    {
        _cli.Write("net.prototxt", $"{Input}\nlayer {{ name: \"a\" type: \"ReLU\" bottom: \"y\" top: \"z\" }}\n");
        string solver = _cli.Write("solver.prototxt", """
            net: "net.prototxt"
            base_lr: fast
            lr_polcy: "fixed"
            average_loss: 0
            test_iter: 10
            """);
        AssertLines(
            await FindingsAsync(2, solver),
            "net.prototxt(2,32): error CFA1205: layer 'a'",
            $"{solver}(1,1): error CFA1301: test_interval must be > 0 with 1 test net(s)",
            $"{solver}(1,1): error CFA1301: lr_policy is missing",
            $"{solver}(2,10): error CFA1103: 'base_lr'",
            $"{solver}(3,1): error CFA1102: SolverParameter has no field 'lr_polcy'. Did you mean 'lr_policy'?",
            $"{solver}(4,1): error CFA1301: average_loss must be at least 1, not 0");
    }

    [Fact]
    public async Task SolverOfANetThatIsNotThere_NamesTheLine() => AssertLines(
        await FindingsAsync(2, _cli.Write(
            "s.prototxt", "base_lr: 1\nlr_policy: 'fixed' max_iter: 5\nnet: 'none.prototxt'")),
        "s.prototxt(3,1): error CFA1005: there is no file 'none.prototxt'");

    [Fact]
    public async Task Configuration_ShowsEachOfItsFaults()
    {
        _cli.Solver(_cli.Database());
        string config = _cli.Write("run.hocon", """
            train {
              solver = solver.prototxt
              max-iter = many
              sead = 5
            }
            compute.threads = -1
            solver.base_lr = fast
            solver.momentun = 0.9
            layers."ip".inner_product_param.num_output = none
            layers."ipp".param = []
            extensions."data".shuffel = on
            data.sets = [{ name = here, solver.display = often, bogus = 1 }]
            """);
        AssertLines(
            await FindingsAsync(2, config),
            $"{config}(3,14): error CFA1003: train.max-iter is \"many\"",
            $"{config}(4,3): error CFA1002: there is no setting 'train.sead'; did you mean 'seed'?",
            $"{config}(6,19): error CFA1003: compute.threads is -1",
            $"{config}(7,18): error CFA1103: field 'base_lr' of SolverParameter is \"fast\"",
            $"{config}(8,8): error CFA1102: SolverParameter has no field 'momentun'; did you mean 'momentum'?",
            $"{config}(9,46): error CFA1103: field 'num_output'",
            $"{config}(10,8): error CFA1002: net 'tiny' has no layer 'ipp'; did you mean 'ip'?",
            $"{config}(11,19): error CFA1002: there is no setting 'extensions.data.shuffel'; did you mean 'shuffle'?",
            $"{config}(12,46): error CFA1103: field 'display'",
            $"{config}(12,53): error CFA1002: there is no setting 'data.sets[0].bogus'");
    }

    [Fact]
    public async Task Configuration_ShowsFaultsOfItsSolverAndNet()
    {
        _cli.Solver(_cli.Database(), "max_iter: 5 base_lr: 0.1 lr_mult: 3", ip: "num_outputs: 3");
        string config = _cli.Write("run.hocon", "train.solver = solver.prototxt\nrun.nam = x\n");
        AssertLines(
            await FindingsAsync(2, config),
            "net.prototxt(5,",
            "run.hocon(2,5): error CFA1002: there is no setting 'run.nam'",
            "solver.prototxt(2,");
    }

    [Fact]
    public async Task MetricsThatNothingMeasures_AreErrors()
    {
        _cli.Solver(_cli.Database());
        string config = _cli.Write("run.hocon", """
            train.solver = solver.prototxt
            train.early-stopping.metric = test0/accuracy
            snapshot.keep-best = test0/accuracy
            """);
        AssertLines(
            await FindingsAsync(2, config),
            "error CFA1003: train.early-stopping.metric is 'test0/accuracy', which this run does not measure",
            "error CFA1003: snapshot.keep-best is 'test0/accuracy', which no test measures");
    }

    [Fact]
    public async Task MemoryThatIsNotThere_IsAnError()
    {
        _cli.Solver(_cli.Database());
        string config = _cli.Write("run.hocon", "train.solver = solver.prototxt\n");
        AssertLines(
            await FindingsAsync(2, config, "--set", "compute.memory-limit=1KiB"), "error CFA1702: training needs ");
        Assert.Empty(await FindingsAsync(0, config));
    }

    [Fact]
    public async Task DryRun_TellsWhatARunWouldBeRefusedFor()
    {
        _cli.Solver(_cli.Database(), "max_iter: 6 base_lr: 0.01 momentum: 2");
        string config = _cli.Write("run.hocon", "train.solver = solver.prototxt\n");
        Assert.Equal(0, await _cli.RunAsync("train", config, "--dry-run"));
        Assert.Matches(@"the run needs [\d.]+ KiB at least, of [\d.]+ GiB\n", _cli.Out);
        Assert.Contains("solver.prototxt(2,", _cli.Error, StringComparison.Ordinal);
        Assert.Contains("warning CFA1302: momentum is 2", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _cli.RunAsync("train", config, "--dry-run", "--set", "compute.memory-limit=1KiB"));
        Assert.Contains("error CFA1702: training needs ", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DataSetsThatAreNotThere_AreAWarning()
    {
        _cli.Solver(_cli.Database());
        string config = _cli.Write("run.hocon", """
            train.solver = solver.prototxt
            data.sets = [{ name = far, requires = [${?NOT_SET}] }, { name = near, requires = [nowhere] }]
            """);
        AssertLines(await FindingsAsync(0, config), "run.hocon(2,14): warning CFA1501: none of the data sets");
    }

    [Fact]
    public async Task Json_HasPlacesCodesAndFigures()
    {
        string net = _cli.Write("net.prototxt", "name: 'n'\n" + Input + "\nnam: 1\n");
        Assert.Equal(2, await _cli.RunAsync("net", "validate", net, "--json"));
        using var json = JsonDocument.Parse(_cli.Out);
        Assert.Equal(1, json.RootElement.GetProperty("errors").GetInt32());
        JsonElement finding = json.RootElement.GetProperty("findings")[0];
        Assert.Equal(
            ("error", "CFA1102", net, 3, 1),
            (finding.GetProperty("severity").GetString(), finding.GetProperty("code").GetString(),
                finding.GetProperty("path").GetString(), finding.GetProperty("line").GetInt32(),
                finding.GetProperty("column").GetInt32()));
        Assert.Equal("TRAIN", json.RootElement.GetProperty("nets")[0].GetProperty("phase").GetString());
        Assert.True(json.RootElement.GetProperty("memory").GetProperty("available_bytes").GetInt64() > 1 << 20);
    }

    [Fact]
    public async Task WrongUse_IsRefused()
    {
        Assert.Equal(2, await _cli.RunAsync("net", "validate", _cli.At("none.prototxt")));
        Assert.Contains("error CFA1005: there is no file", _cli.Error, StringComparison.Ordinal);
        string net = _cli.Write("net.prototxt", Input);
        Assert.Equal(2, await _cli.RunAsync("net", "validate", net, "--set", "a=b"));
        Assert.Contains("--set sets keys of a run configuration", _cli.Error, StringComparison.Ordinal);
    }
}
