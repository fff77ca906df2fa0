using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Prototxt.Upgrades;

public sealed class SolverUpgradeTests
{
    [Theory]
    [InlineData("SGD", "SGD")]
    [InlineData("NESTEROV", "Nesterov")]
    [InlineData("ADAGRAD", "AdaGrad")]
    [InlineData("RMSPROP", "RMSProp")]
    [InlineData("ADADELTA", "AdaDelta")]
    [InlineData("ADAM", "Adam")]
    [InlineData("1", "Nesterov")]
    public void SolverType_BecomesType(string old, string today)
    {
        SolverParameter solver = TextFormat.Parse<SolverParameter>($"base_lr: 1\n solver_type: {old}", "s.prototxt");
        UpgradeResult result = SolverUpgrade.Upgrade(solver);
        Assert.True(result.Changed);
        Assert.Equal(TextFormat.Parse<SolverParameter>($"base_lr: 1 type: '{today}'"), solver);
        Assert.Equal(new SourcePlace("s.prototxt", 2, 2), SourcePlaces.OfField(solver, "type"));
        Assert.Equal(new SourcePlace("s.prototxt", 2, 2), Assert.Single(result.Notices).Place);
    }

    [Fact]
    public void NetsInside_AreUpgraded()
    {
        SolverParameter solver = TextFormat.Parse<SolverParameter>(
            Corpus.Text("solver-old.prototxt")
            + "train_net_param { layers { type: TANH } } test_net_param { layers { type: BNLL } }");
        SolverUpgrade.Upgrade(solver);
        Assert.Equal("AdaGrad", solver.Type);
        Assert.Equal("ReLU", Assert.Single(solver.NetParam.Layer).Type);
        Assert.Equal("TanH", Assert.Single(solver.TrainNetParam.Layer).Type);
        Assert.Equal("BNLL", Assert.Single(solver.TestNetParam[0].Layer).Type);
        Assert.False(SolverUpgrade.Upgrade(solver).Changed);
    }

    [Fact]
    public void ASolverOfToday_IsLeftAlone()
    {
        SolverParameter solver = TextFormat.Parse<SolverParameter>(Corpus.Text("solver-lenet.prototxt"));
        SolverParameter before = solver.Clone();
        UpgradeResult result = SolverUpgrade.Upgrade(solver);
        Assert.False(result.Changed);
        Assert.True(result.Lossless);
        Assert.Equal(before, solver);
    }

    [Fact]
    public void BothForms_AreRefused()
    {
        SolverParameter solver = TextFormat.Parse<SolverParameter>("type: 'Adam'\nsolver_type: SGD", "s.prototxt");
        var fault = Assert.Throws<CaffeException>(() => SolverUpgrade.Upgrade(solver));
        Assert.Equal(ErrorCodes.BadSolver, fault.Code);
        Assert.Contains("\"Adam\"", fault.Message);
        Assert.Equal(new SourcePlace("s.prototxt", 2, 1), fault.Place);
    }
}
