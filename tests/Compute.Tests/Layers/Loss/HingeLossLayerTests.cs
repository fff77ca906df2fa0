using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;
using Norm = CaffeActors.Compute.Schema.HingeLossParameter.Types.Norm;

namespace CaffeActors.Compute.Tests.Layers.Loss;

public sealed class HingeLossLayerTests
{
    private static LayerParameter Parameter(Norm? norm)
    {
        var parameter = new LayerParameter { Type = "HingeLoss" };
        if (norm is { } one)
            parameter.HingeLossParam = new HingeLossParameter { Norm = one };
        return parameter;
    }

    public static TheoryData<Norm?, int[]> Cases => new()
    {
        { null, [6, 5] },
        { Norm.L1, [6, 1] },
        { Norm.L2, [6, 5] },
        { Norm.L1, [3, 2, 5, 4] },
        { Norm.L2, [3, 50] },
        { Norm.L1, [40, 1003] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Pass_AgreesWithTheDefinition(Norm? norm, int[] shape)
    {
        using var harness = new LayerHarness(Parameter(norm), LossBottoms.Of(shape));
        float loss = harness.Forward();
        harness.Backward(true, false);
        int classes = harness.Bottom[0].CountFrom(1);
        double expected = 0;
        for (int i = 0; i < harness.Bottom[0].Count; i++)
        {
            double t = i % classes == (int)harness.Bottom[1].Data[i / classes] ? 1 : -1;
            double m = Math.Max(0, 1 - (t * harness.Bottom[0].Data[i]));
            expected += (norm == Norm.L2 ? m * m : m) / shape[0];
            double gradient = -t * (norm == Norm.L2 ? 2 * m : Math.Sign(m)) / shape[0];
            Assert.Equal(gradient, harness.Bottom[0].Diff[i], 1e-6);
        }

        Assert.Equal(expected, loss, 1e-6 * expected);
    }

    // Away from the kinks at 1 and -1.
    [Theory]
    [InlineData(Norm.L1)]
    [InlineData(Norm.L2)]
    public void Backward_AgreesWithDifferences(Norm norm)
    {
        Blob[] bottom = LossBottoms.Of([4, 5]);
        foreach (ref float value in bottom[0].MutableData)
        {
            if (Math.Abs(Math.Abs(value) - 1) < 0.05f)
                value = 0.5f;
        }

        using var harness = new LayerHarness(Parameter(norm), bottom);
        new GradientChecker().Check(harness, 0);
    }

    [Fact]
    public void Labels_AreChecked() => LossBottoms.LabelsAreChecked("HingeLoss");

    [Fact]
    public void LossWeight_Scales() => LossBottoms.LossWeightScales(Parameter(Norm.L2), () => LossBottoms.Of([6, 5]));

    [Theory]
    [InlineData(Norm.L1)]
    [InlineData(Norm.L2)]
    public void Threads_DoNotMatter(Norm norm) =>
        LayerAssert.ThreadsDoNotMatter(Parameter(norm), () => LossBottoms.Of([70, 1001]));
}
