using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Compute.Tests.Nets;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class ParameterLayerTests : NetTests
{
    // The loss is the squared distance of w and t, halved and divided by 2: dw = (w - t) / 2.
    private const string Text = """
        layer { name: "in" type: "Input" top: "t" input_param { shape { dim: 2 dim: 3 } } }
        layer { name: "w" type: "Parameter" top: "w" parameter_param { shape { dim: 2 dim: 3 } } }
        layer { name: "loss" type: "EuclideanLoss" bottom: "w" bottom: "t" top: "loss" }
        """;

    private static LayerParameter Parameter(params long[] shape) => new()
    {
        Type = "Parameter",
        ParameterParam = new ParameterParameter { Shape = new BlobShape { Dim = { shape } } },
    };

    [Theory]
    [InlineData(new[] { 2L, 3 })]
    [InlineData(new[] { 70L })]
    [InlineData(new long[] { })]
    public void Top_IsTheBlob(long[] shape)
    {
        using var harness = new LayerHarness(Parameter(shape), []);
        Blob w = harness.Layer.Blobs[0];
        Assert.Equal(shape, w.Shape.ToArray().Select(length => (long)length));
        Assert.All(w.Data.ToArray(), value => Assert.Equal(0, value));
        LayerHarness.FillRandom(w.MutableData, 1);
        harness.Forward();
        Assert.Equal(w.Shape.ToArray(), harness.Top[0].Shape.ToArray());
        Assert.Equal(w.Data.ToArray(), harness.Top[0].Data.ToArray());
        Assert.Same(w.DataMemory, harness.Top[0].DataMemory);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void Gradient_IsAddedAndOnlyWhereWanted()
    {
        using var harness = new LayerHarness(Parameter(3), []);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(2);
        harness.Backward();
        harness.Backward();
        Assert.Equal([4, 4, 4], harness.Layer.Blobs[0].Diff.ToArray());
        harness.Layer.ParamPropagateDown[0] = false;
        harness.Backward();
        Assert.Equal([4, 4, 4], harness.Layer.Blobs[0].Diff.ToArray());
    }

    [Fact]
    public void Solver_TrainsIt()
    {
        using Net net = Build(Text);
        using var device = new CpuDevice(1);
        using var optimizer = new Optimizer(
            new SolverParameter { Type = "SGD", LrPolicy = "fixed", BaseLr = 1, IterSize = 2 }, net.LearnableParams,
            device);
        LayerHarness.FillRandom(net.Blob("t").MutableData, 2);
        for (int iteration = 0; iteration < 40; iteration++)
        {
            net.ClearParamDiffs();
            for (int pass = 0; pass < 2; pass++)
            {
                net.Forward();
                net.Backward();
            }

            // Both passes count: the solver divides their sum by two.
            if (iteration == 0)
                Assert.Equal(-net.Blob("t").Data[0], net.LearnableParams[0].Blob.Diff[0], 1e-6);
            optimizer.ApplyUpdate(iteration);
        }

        Assert.Equal(0, net.Forward(), 1e-9);
        TestBlobs.AssertNear(TestBlobs.ToDoubles(net.Blob("t").Data), net.Blob("w").Data, 1e-6);
    }

    [Fact]
    public void SeveralReaders_AreAddedUp()
    {
        using Net net = Build(Text + """
            layer { name: "more" type: "EuclideanLoss" bottom: "w" bottom: "t" top: "more" loss_weight: 3 }
            """);
        net.Blob("t").MutableData.Fill(2);
        net.Forward();
        net.Backward();
        // (0 - 2) / 2 of the first loss, three times that of the other.
        Assert.All(net.LearnableParams[0].Blob.Diff.ToArray(), value => Assert.Equal(-4, value));
    }

    [Fact]
    public void SharedByName_ItIsOneBlob()
    {
        const string Twin = """
            layer { name: "NAME" type: "Parameter" top: "NAME" param { name: "w" }
                    parameter_param { shape { dim: 4 } } }
            layer { name: "NAME_loss" type: "Reduction" bottom: "NAME" top: "NAME_loss" loss_weight: 1 }
            """;
        using Net net = Build(Twin.Replace("NAME", "a") + Twin.Replace("NAME", "b"));
        Assert.Single(net.LearnableParams);
        net.LearnableParams[0].Blob.MutableData.Fill(3);
        Assert.Equal(24, net.Forward());
        net.Backward();
        Assert.All(net.LearnableParams[0].Blob.Diff.ToArray(), value => Assert.Equal(2, value));
    }

    [Fact]
    public void Frozen_ItIsAConstant()
    {
        using Net net = Build(Text.Replace("top: \"w\"", "top: \"w\" param { lr_mult: 0 }"));
        net.Forward();
        net.Backward();
        Assert.Equal(0, net.LearnableParams[0].Blob.AsumDiff());
    }

    [Fact]
    public void Stored_ItIsTakenOver()
    {
        LayerParameter stored = Parameter(2);
        stored.Blobs.Add(new BlobProto { Shape = new BlobShape { Dim = { 2 } }, Data = { 5, 6 } });
        using var harness = new LayerHarness(stored, []);
        harness.Forward();
        Assert.Equal([5, 6], harness.Top[0].Data.ToArray());
        stored.ParameterParam = Parameter(3).ParameterParam;
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, stored, [], 1, "2 (2)", "3 (3)");
        LayerAssert.SetUpFails(ErrorCodes.BadLayerParameter, Parameter(2, -1), [], 1, "-1");
    }

    [Fact]
    public void OnAnAccelerator_ItIsTheSame() => new GpuComparison().Check(
        Parameter(7, 5), () => [], harness => LayerHarness.FillRandom(harness.Layer.Blobs[0].MutableData, 1));
}
