using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>Numbers that go wrong end a run, with where, when and in which records.</summary>
public sealed class DivergenceTests : IDisposable
{
    // y = sqrt(ip) at ip = 0: a loss that is finite, a gradient that is not.
    private const string InfiniteGradient = """
        layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 1 } }
        layer { name: "root" type: "Power" bottom: "ip" top: "root" power_param { power: 0.5 } }
        layer { name: "loss" type: "EuclideanLoss" bottom: "root" bottom: "label" top: "loss" }
        """;

    // exp(1000 x) is infinite, its sigmoid 1.
    private const string InfiniteActivation = """
        layer { name: "large" type: "Power" bottom: "data" top: "large" power_param { scale: 1000 } }
        layer { name: "exp" type: "Exp" bottom: "large" top: "exp" }
        layer { name: "sigmoid" type: "Sigmoid" bottom: "exp" top: "sigmoid" }
        """ + Linear;

    private const string Linear = """

        layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 4
          weight_filler { type: "xavier" } } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
        """;

    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private RunPlan Plan(string layers, string solver, int replicas = 1, int iterations = 12)
    {
        File.WriteAllText(_fixture.At("net.prototxt"), $$"""
            name: "wrong"
            layer { name: "data" type: "Data" top: "data" top: "label" transform_param { scale: 0.01 }
              data_param { source: "{{_fixture.At("db")}}" batch_size: 8 backend: LMDB } }
            {{layers}}
            """);
        File.WriteAllText(_fixture.At("solver.prototxt"), $"""
            net: "{_fixture.At("net.prototxt")}" lr_policy: "fixed" max_iter: {iterations}
            solver_mode: CPU snapshot_prefix: "{_fixture.At("snap")}" {solver}
            """);
        return _fixture.Plan(new PlanOptions
        {
            Devices = [.. Enumerable.Range(0, replicas).Select(i => new DeviceId(DeviceId.Cpu, i))],
        }) with
        { Extensions = new Dictionary<string, object>() };
    }

    private async Task<string> DivergeAsync(RunPlan plan, int iteration)
    {
        RunOutcome outcome = await _fixture.RunAsync(plan);
        Assert.Equal((RunEnd.Failed, iteration), (outcome.End, outcome.Iteration));
        Assert.Equal((ErrorCodes.NotFinite, FailureKind.Diverged), (outcome.Failure!.Code, outcome.Failure.Kind));
        Assert.StartsWith($"iteration {iteration}: ", outcome.Failure.Message, StringComparison.Ordinal);
        string log = File.ReadAllText(Path.Combine(_fixture.RunFolder(), "train.log"));
        Assert.Contains(outcome.Failure.Message, log, StringComparison.Ordinal);
        return outcome.Failure.Message;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task WeightsThatGrowOutOfRange_EndARunWhoseLossStaysFinite(int replicas)
    {
        string message = await DivergeAsync(Plan(Linear, "base_lr: 1e30", replicas), 0);
        Assert.Contains("the update of 'ip/0' is out of range", message, StringComparison.Ordinal);
        Assert.Contains("all blobs of the pass are finite", message, StringComparison.Ordinal);
        Assert.Matches(
            @"the batch is record\(s\) '00000000', '0000000\d', '0000000\d' and 5 more of layer 'data';", message);
    }

    [Theory]
    [InlineData("base_lr: 0.1", 1)]
    [InlineData("base_lr: 0.1", 2)]
    [InlineData("base_lr: 0", 1)]
    [InlineData("base_lr: 0.1 clip_gradients: 1", 1)]
    [InlineData("base_lr: 0.1 clip_gradients: 1", 2)]
    [InlineData("base_lr: 0.1 type: 'Adam' snapshot_diff: true", 1)]
    public async Task GradientThatIsNotFinite_EndsTheRunWithWhereItArose(string solver, int replicas)
    {
        string message = await DivergeAsync(Plan(InfiniteGradient, solver, replicas), 0);
        Assert.Contains("the gradient of 'ip/0' is NaN or infinite", message, StringComparison.Ordinal);
        Assert.Contains("in the gradient of bottom 'ip' of layer 'root'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AdaptiveScale_PassesOverGradientsThatOverflow()
    {
        // Only halves have a scale to overflow; others are looked at as ever, but not at displays.
        string message = await DivergeAsync(
            Plan(InfiniteGradient, "base_lr: 0.1 display: 1") with { GradScale = new(null, IsAdaptive: true) }, 0);
        Assert.Contains("the gradient of 'ip/0' is NaN or infinite", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Display_FindsActivationsThatAreNotFinite(int replicas)
    {
        string message = await DivergeAsync(
            Plan(InfiniteActivation, "base_lr: 0.01 display: 5", replicas), 0);
        Assert.Matches(@"the loss is \d.*; the first value that is not finite is in top 'exp' of layer 'exp'", message);
    }

    [Fact]
    public async Task WithoutDisplays_ActivationsAreNotLookedAt() => Assert.Equal(
        RunEnd.Finished, (await _fixture.RunAsync(Plan(InfiniteActivation, "base_lr: 0.01"))).End);

    [Fact]
    public async Task LastLoss_IsLookedAtToo()
    {
        string message = await DivergeAsync(Plan("""
            layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 1 } }
            layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "label" top: "loss" }
            """, "base_lr: 1e18 display: 1", iterations: 1), 1);
        Assert.Contains("the loss is inf", message, StringComparison.Ordinal);
        Assert.Contains("in top 'loss' of layer 'loss'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LossOfAPart_IsFoundInItsCopyOfTheNet()
    {
        RunPlan plan = Plan(InfiniteActivation.Replace("bottom: \"data\" top: \"ip\"", "bottom: \"exp\" top: \"ip\"",
            StringComparison.Ordinal), "base_lr: 0.01");
        string message = await DivergeAsync(
            plan with { Parallel = plan.Parallel with { MicroBatches = 2 } }, 0);
        Assert.Contains("in top 'exp' of layer 'exp'", message, StringComparison.Ordinal);
        Assert.Contains("'00000000', '00000001', '00000002' and 1 more", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RecordsWithoutKeys_AreNumbered()
    {
        File.WriteAllText(_fixture.At("net.prototxt"), """
            name: "scripted"
            layer { name: "data" type: "ScriptedBatch" top: "data" top: "label" }
            layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
            """);
        File.WriteAllText(_fixture.At("solver.prototxt"), $"""
            net: "{_fixture.At("net.prototxt")}" base_lr: 1e30 lr_policy: "fixed" max_iter: 20
            snapshot_prefix: "{_fixture.At("snap")}"
            """);
        string message = await DivergeAsync(
            _fixture.Plan() with { Extensions = new Dictionary<string, object> { ["data"] = new BatchScript() } }, 0);
        Assert.Contains("record(s) '0', '1', '2' and 1 more of layer 'data'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DumpThatCannotBeWritten_HidesNothing()
    {
        RunPlan plan = Plan(Linear + """
            layer { name: "hook" type: "Hook" bottom: "label" }
            """, "base_lr: 1e30") with
        {
            Extensions = new Dictionary<string, object>
            {
                ["hook"] = (Action<int>)(_ => File.WriteAllText(Path.Combine(_fixture.RunFolder(), "dump"), "")),
            },
        };
        string message = await DivergeAsync(plan, 0);
        Assert.Contains("the update of 'ip/0' is out of range", message, StringComparison.Ordinal);
        Assert.Matches("; the pass could not be kept: cannot write '.*dump.iter_0'", message);
    }
}
