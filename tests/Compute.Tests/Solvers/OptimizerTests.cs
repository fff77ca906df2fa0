using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Solvers;

public sealed class OptimizerTests : IDisposable
{
    private readonly CpuDevice _device = new(2);
    private readonly List<string> _notices = [];

    private static SolverParameter Parameter(string type = "SGD") =>
        new() { Type = type, LrPolicy = "fixed", BaseLr = 0.5f };

    private static LearnableParam Param(float[] weights, float[] gradient, float lrMult = 1, float decayMult = 1)
    {
        Blob blob = LayerHarness.BlobOf([weights.Length], weights);
        gradient.CopyTo(blob.MutableDiff);
        return TestDevices.Param(blob, lrMult, decayMult, "conv/0");
    }

    private Optimizer Make(SolverParameter parameter, params LearnableParam[] learnable) =>
        new(parameter, learnable, _device, _notices.Add);

    [Fact]
    public void ApplyUpdate_LeavesTheUpdateInTheDiff()
    {
        LearnableParam param = Param([1, 2, 3], [2, 0, -4]);
        using Optimizer optimizer = Make(Parameter(), param);
        Assert.Equal(0.5f, optimizer.ApplyUpdate(0));
        Assert.Equal([0, 2, 5], param.Blob.Data.ToArray());
        Assert.Equal([1, 0, -2], param.Blob.Diff.ToArray());
        Assert.Null(optimizer.NotFinite);
    }

    [Fact]
    public void ApplyUpdate_ClearsTheDiffWhereAsked()
    {
        LearnableParam param = Param([1, 2, 3], [2, 0, -4]);
        using Optimizer optimizer = Make(Parameter(), param);
        optimizer.ApplyUpdate(0, clearGradients: true);
        Assert.Equal([0, 2, 5], param.Blob.Data.ToArray());
        Assert.Equal(param.Gpu is null, param.Blob.IsDiffZero);
        Assert.Equal([0, 0, 0], param.Blob.Diff.ToArray());
        // Where no layer has added to it since, the next update finds zeros.
        param.Blob.ClearDiff();
        optimizer.ApplyUpdate(1, clearGradients: true);
        Assert.Equal([0, 2, 5], param.Blob.Data.ToArray());
    }

    [Fact]
    public void ApplyUpdate_AppliesTheMultipliers()
    {
        SolverParameter parameter = Parameter();
        parameter.WeightDecay = 0.25f;
        LearnableParam frozen = Param([4], [1], lrMult: 0), plain = Param([4], [1], lrMult: 2, decayMult: 0),
            decayed = Param([4], [1], lrMult: 2, decayMult: 3);
        using Optimizer optimizer = Make(parameter, frozen, plain, decayed);
        optimizer.ApplyUpdate(0);
        Assert.Equal(4, frozen.Blob.Data[0]);
        Assert.Equal(3, plain.Blob.Data[0]);
        Assert.Equal(4 - (1 + (0.25f * 3 * 4)), decayed.Blob.Data[0]);
    }

    [Fact]
    public void ApplyUpdate_DecaysByTheSignForL1()
    {
        SolverParameter parameter = Parameter();
        parameter.WeightDecay = 0.5f;
        parameter.RegularizationType = "L1";
        LearnableParam param = Param([4, 0, -4], [0, 0, 0]);
        using Optimizer optimizer = Make(parameter, param);
        optimizer.ApplyUpdate(0);
        Assert.Equal([3.75f, 0, -3.75f], param.Blob.Data.ToArray());
    }

    [Fact]
    public void ApplyUpdate_ClipsTheRawGradientOfAllParameters()
    {
        SolverParameter parameter = Parameter();
        parameter.ClipGradients = 1;
        parameter.IterSize = 2;
        parameter.WeightDecay = 1;
        LearnableParam first = Param([0], [3]), frozen = Param([0], [4], lrMult: 0);
        using Optimizer optimizer = Make(parameter, first, frozen);
        optimizer.ApplyUpdate(0);
        Assert.Equal(
            ["Gradient clipping: scaling down gradients (L2 norm 5 > 1) by scale factor 0.2"], _notices);
        // 3 * 0.2 / 2 * rate: clipped before it is divided by iter_size, and before weight decay.
        Assert.Equal(-0.15f, first.Blob.Data[0], 1e-7f);
        Assert.Equal(0, frozen.Blob.Data[0]);
    }

    [Theory]
    [InlineData(-1f)]
    [InlineData(5f)]
    [InlineData(6f)]
    public void ApplyUpdate_DoesNotClipUpToTheLimit(float clip)
    {
        SolverParameter parameter = Parameter();
        parameter.ClipGradients = clip;
        LearnableParam param = Param([0, 0], [3, 4]);
        using Optimizer optimizer = Make(parameter, param);
        Assert.Equal(clip >= 0, optimizer.ClipsGradients);
        optimizer.ApplyUpdate(0);
        Assert.Equal([-1.5f, -2], param.Blob.Data.ToArray());
        Assert.Empty(_notices);
    }

    [Fact]
    public void ClipGradients_WritesNumbersAsPrintfDoes()
    {
        SolverParameter parameter = Parameter();
        parameter.ClipGradients = 0.1f;
        using Optimizer optimizer = Make(parameter, Param([0], [12345678]));
        optimizer.ClipGradients();
        Assert.Equal(
            "Gradient clipping: scaling down gradients (L2 norm 1.23457e+07 > 0.1) by scale factor 8.1e-09",
            Assert.Single(_notices));
    }

    [Fact]
    public void ClipGradients_SumsLargeParametersAlikeOnAnyNumberOfThreads()
    {
        SolverParameter parameter = Parameter();
        parameter.ClipGradients = 1;
        using Blob values = LayerHarness.RandomBlob(3, [(4 * CpuDevice.Grain) + 7]);
        var param = TestDevices.Param(new Blob(values.Count), 1, 1, "fc6/0");
        values.Data.CopyTo(param.Blob.MutableDiff);
        double norm = Math.Sqrt(param.Blob.SumSquaresDiff());
        foreach (int threads in (int[])[1, 2, 3])
        {
            using var device = new CpuDevice(threads);
            using var optimizer = new Optimizer(parameter, [param], device);
            Assert.Equal((float)(1 / norm), optimizer.ClipGradients());
        }
    }

    [Fact]
    public void ApplyUpdate_ScalesTheGradientsOfReplicasBeforeClipping()
    {
        SolverParameter parameter = Parameter();
        parameter.ClipGradients = 5;
        LearnableParam param = Param([0, 0], [12, 16]);
        using Optimizer optimizer = Make(parameter, param);
        optimizer.ApplyUpdate(0, gradientScale: 0.25f);
        Assert.Equal([-1.5f, -2], param.Blob.Data.ToArray());
        Assert.Empty(_notices);
        param = Param([0, 0], [12, 16]);
        using Optimizer clipping = Make(parameter, param);
        clipping.ApplyUpdate(0, gradientScale: 0.5f);
        Assert.Equal([-1.5f, -2], param.Blob.Data.ToArray());
    }

    [Fact]
    public void UpdateParams_InAnyOrderGivesWhatApplyUpdateGives()
    {
        SolverParameter parameter = Parameter("Adam");
        parameter.ClipGradients = 1;
        float[][] results = [.. ((bool[])[false, true]).Select(single =>
        {
            LearnableParam[] learnable = [Param([1, 2], [3, 4]), Param([5], [6]), Param([7, 8, 9], [1, 2, 3])];
            using Optimizer optimizer = Make(parameter, learnable);
            if (single)
            {
                float rate = optimizer.Rate(4), scale = optimizer.ClipGradients();
                foreach (int index in (int[])[2, 0, 1])
                    optimizer.UpdateParams([index], rate, 4, scale);
                Assert.Null(optimizer.NotFinite);
            }
            else
            {
                optimizer.ApplyUpdate(4);
            }

            return (float[])[.. learnable.SelectMany(param => param.Blob.Data.ToArray())];
        })];
        Assert.Equal(results[0], results[1]);
    }

    [Fact]
    public void Rate_AskedTwiceStepsOnce()
    {
        SolverParameter parameter = Parameter();
        (parameter.LrPolicy, parameter.Gamma) = ("multistep", 0.5f);
        parameter.Stepvalue.Add([1, 1]);
        using Optimizer optimizer = Make(parameter, Param([1], [1]));
        Assert.Equal(0.5f, optimizer.Rate(0));
        Assert.Equal(0.25f, optimizer.Rate(1));
        Assert.Equal(0.25f, optimizer.ApplyUpdate(1));
        Assert.Equal(1, optimizer.CurrentStep);
        Assert.Equal(["MultiStep Status: Iteration 1, step = 1"], _notices);
        Assert.Equal(0.125f, optimizer.Rate(2));
    }

    [Theory]
    [InlineData(float.NaN, 5)]
    [InlineData(float.PositiveInfinity, 20)]
    [InlineData(float.NegativeInfinity, CpuDevice.Grain + 3)]
    public void ApplyUpdate_TellsWhichParameterIsNoLongerFinite(float bad, int at)
    {
        var good = TestDevices.Param(new Blob(7), 1, 1, "conv1/0");
        var spoiled = TestDevices.Param(new Blob(CpuDevice.Grain + 5), 1, 1, "fc6/0");
        using Optimizer optimizer = Make(Parameter(), good, spoiled);
        optimizer.ApplyUpdate(0);
        Assert.Null(optimizer.NotFinite);
        spoiled.Blob.MutableDiff[at] = bad;
        optimizer.ApplyUpdate(1);
        Assert.Same(spoiled, optimizer.NotFinite);
    }

    // A history that is infinite would hide every gradient after it, and weights that large every loss.
    [Theory]
    [InlineData("AdaGrad", 1e30f, 0.5f)]
    [InlineData("Adam", 1e30f, 0.5f)]
    [InlineData("RMSProp", -1e30f, 0.5f)]
    [InlineData("SGD", 1e10f, 1e10f)]
    [InlineData("SGD", float.NaN, 0)]
    public void UpdateOutOfRange_LeavesTheElementAsItWas(string type, float gradient, float rate)
    {
        SolverParameter parameter = Parameter(type);
        (parameter.BaseLr, parameter.RmsDecay) = (rate, 0.9f);
        LearnableParam param = Param([1, 2, 3], [0.5f, gradient, 0.25f]);
        using Optimizer optimizer = Make(parameter, param);
        optimizer.ApplyUpdate(0, clearGradients: true);
        Assert.Same(param, optimizer.NotFinite);
        Assert.Equal(2, param.Blob.Data[1]);
        Assert.Equal(gradient, param.Blob.Diff[1]);
        Assert.All(optimizer.History, history => Assert.Equal(0, history.Data[1]));
        Assert.Equal(rate != 0, param.Blob.Data[0] != 1);
    }

    [Fact]
    public void WeightsWhoseSquareIsFinite_AreInRange()
    {
        SolverParameter parameter = Parameter();
        parameter.BaseLr = 1e19f;
        using Optimizer optimizer = Make(parameter, Param([1, 2, 3], [1, -1.8f, 0]));
        optimizer.ApplyUpdate(0);
        Assert.Null(optimizer.NotFinite);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void ClippedGradientsWithoutANorm_ChangeNothing(float bad)
    {
        SolverParameter parameter = Parameter();
        parameter.ClipGradients = 1;
        LearnableParam good = Param([1], [1]), spoiled = Param([1, 2], [3, bad]);
        using Optimizer optimizer = Make(parameter, good, spoiled);
        Assert.Equal(0.5f, optimizer.ApplyUpdate(0, clearGradients: true));
        Assert.Same(spoiled, optimizer.NotFinite);
        Assert.Equal([1], good.Blob.Data.ToArray());
        Assert.Equal([1, 2], spoiled.Blob.Data.ToArray());
        Assert.Equal([3, bad], spoiled.Blob.Diff.ToArray());
        spoiled.Blob.MutableDiff[1] = 0;
        optimizer.ApplyUpdate(1);
        Assert.Null(optimizer.NotFinite);
    }

    [Theory]
    [InlineData("SGD")]
    [InlineData("Adam")]
    public void ApplyUpdate_AllocatesNothing(string type)
    {
        SolverParameter parameter = Parameter(type);
        parameter.ClipGradients = 1e9f;
        using Optimizer optimizer = Make(
            parameter, TestDevices.Param(new Blob(5, 7), 1, 1, "a"),
            TestDevices.Param(new Blob((2 * CpuDevice.Grain) + 1), 1, 1, "b"));
        int iteration = 0;
        SteadyState.AllocatesNothing(() => optimizer.ApplyUpdate(iteration++));
    }

    [Fact]
    public void ApplyUpdate_TakesEmptyBlobsAndScalars()
    {
        var empty = TestDevices.Param(new Blob(0, 3), 1, 1, "empty");
        var scalar = TestDevices.Param(new Blob(ReadOnlySpan<int>.Empty), 1, 1, "scalar");
        scalar.Blob.MutableDiff[0] = 2;
        SolverParameter parameter = Parameter();
        parameter.ClipGradients = 10;
        using Optimizer optimizer = Make(parameter, empty, scalar);
        optimizer.ApplyUpdate(0);
        Assert.Equal(-1, scalar.Blob.Scalar);
    }

    [Fact]
    public void UpdateParams_RefusesAParameterThatGrew()
    {
        LearnableParam param = Param([1], [1]);
        using Optimizer optimizer = Make(Parameter(), param);
        param.Blob.Reshape(5);
        Assert.Contains("conv/0", Assert.Throws<InvalidOperationException>(() => optimizer.ApplyUpdate(0)).Message);
    }

    [Fact]
    public void Constructor_RefusesBadSettings()
    {
        SolverParameter parameter = Parameter();
        (parameter.WeightDecay, parameter.RegularizationType) = (0.1f, "l2");
        CaffeException failure = Assert.Throws<CaffeException>(() => Make(parameter, Param([1], [1])));
        Assert.Equal(ErrorCodes.BadSolver, failure.Code);
        Assert.Contains("did you mean 'L2'?", failure.Message);
    }

    public void Dispose() => _device.Dispose();
}
