using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Compute.Tests.Solvers;

/// <summary>Which nets a solver names, and in which state each is built.</summary>
public sealed class SolverNetsTests
{
    private static SolverNets Of(string solver) => SolverNets.Of(
        TextFormat.Parse<SolverParameter>("lr_policy: \"fixed\" " + solver, "solver.prototxt"),
        path => new NetParameter { Name = path, State = new NetState { Level = 3, Stage = { "own" } } });

    [Fact]
    public void GenericNet_ServesTrainingAndTheTestsLeft()
    {
        SolverNets nets = Of("""
            net: "generic" test_net_param { name: "given" } test_net: "file" test_iter: [1, 2, 3, 4] test_interval: 5
            """);
        Assert.Equal("generic", nets.Train.Name);
        Assert.Equal(
            [("given", 1), ("file", 2), ("generic", 3), ("generic", 4)],
            nets.Tests.Select(test => (test.Net.Name, test.Iterations)));
    }

    [Theory]
    [InlineData("net_param { name: \"n\" }", "n")]
    [InlineData("train_net: \"n\"", "n")]
    [InlineData("train_net_param { name: \"n\" }", "n")]
    public void TrainNet_MayBeGivenInFourWays(string solver, string name) => Assert.Equal(name, Of(solver).Train.Name);

    [Fact]
    public void States_AreMergedFromPhaseNetAndSolver()
    {
        SolverNets nets = Of("""
            net: "n" train_state { stage: "t" } test_iter: [1, 1] test_interval: 1
            test_state { level: 7 } test_state { phase: TRAIN stage: "s" }
            """);
        Assert.Equal((Phase.Train, 3), (nets.Train.State.Phase, nets.Train.State.Level));
        Assert.Equal(["own", "t"], nets.Train.State.Stage);
        Assert.Equal((Phase.Test, 7), (nets.Tests[0].Net.State.Phase, nets.Tests[0].Net.State.Level));
        Assert.Equal(Phase.Train, nets.Tests[1].Net.State.Phase);
        Assert.Equal(["own", "s"], nets.Tests[1].Net.State.Stage);
    }

    [Fact]
    public void TestNets_TakeTheSolversDebugInfo() => Assert.True(
        Of("net: \"n\" debug_info: true test_iter: 1 test_interval: 1").Tests[0].Net.DebugInfo);

    [Theory]
    [InlineData("")]
    [InlineData("net: \"a\" train_net: \"b\"")]
    [InlineData("net: \"n\" test_net: \"a\" test_interval: 1")]
    [InlineData("train_net: \"n\" test_net: \"a\" test_iter: [1, 2] test_interval: 1")]
    [InlineData("net: \"n\" test_iter: 1")]
    [InlineData("net: \"n\" test_iter: 1 test_interval: 1 test_state { } test_state { }")]
    public void NetsThatDoNotAddUp_AreRefused(string solver) =>
        Assert.Equal(FailureKind.Configuration, Assert.Throws<CaffeException>(() => Of(solver)).Kind);

    [Fact]
    public void BadFields_AreToldWithTheirLine()
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => Of("net: \"n\"\n\n iter_size: 0"));
        Assert.Equal(("solver.prototxt", 3), (failure.Place?.Path, failure.Place?.Line));
    }
}
