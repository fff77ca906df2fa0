using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Compute.Tests.Solvers;

public sealed class SolverValidationTests
{
    public static TheoryData<string, string> Faults => new()
    {
        { """{ "net": "" }""", "" },
        { """{ "averageLoss": 0 }""", "average_loss must be at least 1, not 0" },
        { """{ "iterSize": 0 }""", "iter_size must be at least 1, not 0" },
        { """{ "maxIter": -1 }""", "max_iter must be at least 0, not -1" },
        { """{ "display": -1 }""", "display must be at least 0, not -1" },
        { """{ "snapshot": -5 }""", "snapshot must be at least 0, not -5" },
        { """{ "testInterval": -5 }""", "test_interval must be at least 0, not -5" },
        { """{ "baseLr": "NaN" }""", "base_lr must be a number, not NaN" },
        { """{ "clipGradients": "Infinity" }""", "clip_gradients must be a number, not " },
        { """{ "clipGradients": -3 }""", "" },
        { """{ "trainNet": "t" }""", "train_net cannot stand beside net; give exactly one of net, " },
        { """{ "netParam": {} }""", "net_param cannot stand beside net; " },
        { """{ "lrPolicy": "" }""", "lr_policy is missing; choose one of exp, fixed" },
        { """{ "lrPolicy": "stepp" }""", "did you mean 'step'?" },
        { """{ "lrPolicy": "step" }""", "stepsize must be > 0" },
        { """{ "type": "Adamm" }""", "type 'Adamm' is not known; did you mean 'Adam'? (known: AdaDelta, AdaGrad, " },
        { """{ "type": "AdaGrad", "momentum": 0.9 }""", "momentum must be 0 for type 'AdaGrad', not 0.9" },
        { """{ "regularizationType": "L3", "weightDecay": 0.1 }""", "regularization_type 'L3' is not known" },
        { """{ "regularizationType": "L3" }""", "" },
        { """{ "regularizationType": "L1", "weightDecay": 0.1 }""", "" },
        { """{ "testIter": [10], "testInterval": 5 }""", "" },
        { """{ "testIter": [10] }""", "test_interval must be > 0 with 1 test net(s), not 0" },
        { """{ "testIter": [-1], "testInterval": 5 }""", "test_iter must be at least 0, not -1" },
        { """{ "testNet": ["a"], "testInterval": 5 }""", "test_iter is given 0 time(s) for 1 test net(s)" },
        { """{ "testNet": ["a"], "testIter": [1, 1], "testInterval": 5 }""", "" },
        { """{ "testIter": [1, 1], "testInterval": 5, "testState": [{}] }""", "test_state is given 1 time(s) for 2 " },
        { """{ "testIter": [1, 1], "testInterval": 5, "testState": [{}, {}] }""", "" },
    };

    private static SolverParameter Valid => new() { Net = "net.prototxt", LrPolicy = "fixed", BaseLr = 0.1f };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Check_NamesTheFault(string change, string message)
    {
        SolverParameter parameter = Valid;
        parameter.MergeFrom(SolverParameter.Parser.ParseJson(change));
        Check(parameter, message);
    }

    [Fact]
    public void Check_WithoutAGenericNetWantsOneCountForEachTestNet()
    {
        var parameter = new SolverParameter
        {
            TrainNet = "train.prototxt",
            LrPolicy = "fixed",
            TestInterval = 5,
            TestNet = { "a" },
            TestIter = { 1, 1 },
        };
        Check(parameter, "test_net_param; give it once for each");
        parameter.TestIter.RemoveAt(1);
        Check(parameter, "");
    }

    [Fact]
    public void Check_WithoutANetSaysSo() =>
        Check(new SolverParameter { LrPolicy = "fixed" }, "net is missing; give exactly one of");

    [Fact]
    public void Problems_AreAllTold()
    {
        SolverParameter parameter = Valid;
        parameter.AverageLoss = 0;
        parameter.Type = "Nix";
        parameter.LrPolicy = "sometimes";
        SourcePlaces.Set(parameter, new SourcePlace("solver.prototxt", 1, 1));
        CaffeException[] problems = [.. SolverValidation.Problems(parameter)];
        Assert.Equal(3, problems.Length);
        Assert.All(problems, problem => Assert.Equal("solver.prototxt", problem.Place?.Path));
        Assert.All(problems, problem => Assert.Equal(ErrorCodes.BadSolver, problem.Code));
    }

    private static void Check(SolverParameter parameter, string message)
    {
        if (message.Length == 0)
        {
            SolverValidation.Check(parameter);
            return;
        }

        CaffeException failure = Assert.Throws<CaffeException>(() => SolverValidation.Check(parameter));
        Assert.Equal(ErrorCodes.BadSolver, failure.Code);
        Assert.Equal(FailureKind.Configuration, failure.Kind);
        Assert.Contains(message, failure.Message);
    }
}
