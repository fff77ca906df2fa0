using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Solvers;

public sealed class MomentumScheduleTests
{
    private static SolverParameter Parameter(string policy) => new()
    {
        LrPolicy = "fixed",
        BaseLr = 0.04f,
        Momentum = 0.5f,
        MomentumPolicy = policy,
        MaxMomentum = 0.9f,
        MomentumPower = 2,
        MaxIter = 10,
        Net = "n",
    };

    [Theory]
    [InlineData("fixed", 5, 0.04f, 0.5f)]
    [InlineData("poly", 0, 0.04f, 0.5f)]
    [InlineData("poly", 5, 0.04f, 0.6f)] // 0.5 + 0.4 / 4
    [InlineData("poly", 10, 0.04f, 0.9f)]
    [InlineData("opt", 5, 0.04f, 0.81f)] // (1 - 0.2 / 2)^2
    [InlineData("opt", 5, 0f, 0.9f)]
    public void At_IsTheFormula(string policy, int iteration, float rate, float momentum) =>
        Assert.Equal(momentum, new MomentumSchedule(Parameter(policy)).At(iteration, rate), 1e-6f);

    [Theory]
    [InlineData("SGD")]
    [InlineData("Nesterov")]
    [InlineData("AdaDelta")]
    [InlineData("Adam")]
    public void Rules_TakeTheMomentumOfTheIteration(string type)
    {
        using var device = new CpuDevice(1);
        // At iteration 5 the schedule gives 0.6; a fixed momentum of 0.6 then does the same.
        SolverParameter scheduled = Parameter("poly"), constant = Parameter("fixed");
        constant.Momentum = new MomentumSchedule(scheduled).At(5, 0.04f);
        scheduled.Type = constant.Type = type;
        Assert.Equal(Run(constant), Run(scheduled));

        float[] Run(SolverParameter parameter)
        {
            using Blob blob = LayerHarness.RandomBlob(1, [20]);
            using var optimizer = new Optimizer(parameter, [TestDevices.Param(blob, 1, 1, "w")], device);
            optimizer.History[0].MutableData.Fill(0.25f);
            blob.MutableDiff.Fill(1);
            optimizer.ApplyUpdate(5);
            return blob.Data.ToArray();
        }
    }

    [Theory]
    [InlineData("best", 0.9f, 10, "momentum_policy 'best' is not known")]
    [InlineData("poly", 1f, 10, "max_momentum must lie in [0, 1), not be 1")]
    [InlineData("opt", -1f, 10, "max_momentum must lie in [0, 1), not be -1")]
    [InlineData("poly", 0.9f, 0, "max_iter must be > 0 for momentum_policy 'poly', not 0")]
    public void BadSettings_AreRefused(string policy, float greatest, int maxIter, string message)
    {
        SolverParameter parameter = Parameter(policy);
        (parameter.MaxMomentum, parameter.MaxIter) = (greatest, maxIter);
        Assert.StartsWith(message, Assert.Throws<CaffeException>(() => SolverValidation.Check(parameter)).Message);
    }
}
