using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Solvers;

public sealed class WeightDecayScheduleTests
{
    private static SolverParameter Parameter(string policy) => new()
    {
        LrPolicy = "fixed",
        BaseLr = 1,
        WeightDecay = 0.1f,
        WeightDecayPolicy = policy,
        MaxWeightDecay = 0.5f,
        WeightDecayPower = 2,
        MaxIter = 10,
        Net = "n",
    };

    [Theory]
    [InlineData("fixed", 5, 0.1f)]
    [InlineData("poly", 0, 0.1f)]
    [InlineData("poly", 5, 0.2f)] // 0.1 + 0.4 / 4
    [InlineData("poly", 10, 0.5f)]
    public void Decay_IsTheFormula(string policy, int iteration, float decay)
    {
        using var device = new CpuDevice(1);
        using Blob blob = LayerHarness.BlobOf([1], 2);
        using var optimizer = new Optimizer(Parameter(policy), [TestDevices.Param(blob, 1, 1, "w")], device);
        optimizer.ApplyUpdate(iteration);
        Assert.Equal(2 - (2 * decay), blob.Data[0], 1e-6f);
    }

    [Theory]
    [InlineData("polly", 10, "L2", "weight_decay_policy 'polly' is not known; did you mean 'poly'?")]
    [InlineData("poly", 0, "L2", "max_iter must be > 0 for weight_decay_policy 'poly', not 0")]
    [InlineData("poly", 10, "L3", "regularization_type 'L3' is not known")]
    public void BadSettings_AreRefused(string policy, int maxIter, string regularization, string message)
    {
        SolverParameter parameter = Parameter(policy);
        (parameter.MaxIter, parameter.RegularizationType, parameter.WeightDecay) = (maxIter, regularization, 0);
        Assert.StartsWith(message, Assert.Throws<CaffeException>(() => SolverValidation.Check(parameter)).Message);
    }
}
