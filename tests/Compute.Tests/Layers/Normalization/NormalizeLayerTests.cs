using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Normalization;

public sealed class NormalizeLayerTests
{
    public static TheoryData<bool, bool, int[]> Cases()
    {
        var cases = new TheoryData<bool, bool, int[]>();
        foreach (int[] shape in (int[][])[[2, 3, 2, 5], [2, 3], [1, 2, 19]])
        {
            foreach (bool across in (bool[])[true, false])
            {
                cases.Add(across, true, shape);
                cases.Add(across, false, shape);
            }
        }

        return cases;
    }

    private static LayerParameter Parameter(bool across, bool shared, float eps = 1e-10f) => new()
    {
        Type = "Normalize",
        NormParam = new NormalizeParameter
        {
            AcrossSpatial = across,
            ChannelShared = shared,
            Eps = eps,
            ScaleFiller = new FillerParameter { Type = "uniform", Min = 0.5f, Max = 2 },
        },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_DividesByTheLength(bool across, bool shared, int[] shape)
    {
        using var harness = new LayerHarness(Parameter(across, shared, 0.01f), [LayerHarness.RandomBlob(1, shape)]);
        harness.Forward();
        Blob x = harness.Bottom[0];
        int channels = shape[1], places = x.CountFrom(2);
        Assert.Equal(shared ? [] : [channels], harness.Layer.Blobs[0].Shape.ToArray());
        for (int n = 0; n < shape[0]; n++)
        {
            for (int c = 0; c < channels; c++)
            {
                for (int p = 0; p < places; p++)
                {
                    double sum = 0;
                    for (int other = 0; other < channels; other++)
                    {
                        for (int place = across ? 0 : p; place < (across ? places : p + 1); place++)
                            sum += Math.Pow(x.Data[(((n * channels) + other) * places) + place], 2);
                    }

                    int at = (((n * channels) + c) * places) + p;
                    double expected = harness.Layer.Blobs[0].Data[shared ? 0 : c] * x.Data[at] / Math.Sqrt(sum + 0.01f);
                    Assert.Equal(expected, harness.Top[0].Data[at], 1e-5);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Backward_AgreesWithDifferences(bool across, bool shared, int[] shape)
    {
        using var harness = new LayerHarness(Parameter(across, shared, 0.1f), [LayerHarness.RandomBlob(1, shape)]);
        new GradientChecker().Check(harness);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void InPlace_IsTheSame(bool across) => LayerAssert.InPlaceIsTheSame(
        Parameter(across, false), () => LayerHarness.RandomBlob(1, [2, 3, 4, 5]));

    [Fact]
    public void Defaults_MakeUnitVectorsOfImages()
    {
        using var harness = new LayerHarness(
            new LayerParameter { Type = "Normalize" }, [LayerHarness.BlobOf([2, 2], 3, 4, 0, -5)]);
        harness.Forward();
        Assert.Equal([0.6f, 0.8f, 0, -1], harness.Top[0].Data.ToArray());
    }

    [Fact]
    public void FrozenScale_GetsNoGradient()
    {
        using var harness = new LayerHarness(Parameter(false, true), [LayerHarness.RandomBlob(1, [2, 3, 4])]);
        harness.Layer.ParamPropagateDown[0] = false;
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward(true);
        Assert.Equal(0, harness.Layer.Blobs[0].Diff[0]);
        Assert.NotEqual(0, harness.Bottom[0].Diff[0]);
    }

    [Fact]
    public void BadSettings_AreRefused()
    {
        LayerAssert.SetUpFails(ErrorCodes.BadLayerParameter, Parameter(true, true, -1), [new Blob(2, 3)], 1, "eps");
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(true, true), [new Blob(3)], 1, "3 (3)");
        using var harness = new LayerHarness(Parameter(true, false), [LayerHarness.RandomBlob(1, [2, 3])]);
        harness.Bottom[0].Reshape(2, 4);
        Assert.Equal(ErrorCodes.ShapeMismatch, Assert.Throws<CaffeException>(() => harness.Forward()).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Threads_DoNotMatter(bool across) => LayerAssert.ThreadsDoNotMatter(
        Parameter(across, false), () => [LayerHarness.RandomBlob(1, [7, 5, 31, 41])]);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void PassesAllocateNothing(bool across) => SteadyState.AllocatesNothing(
        Parameter(across, false), [LayerHarness.RandomBlob(1, [7, 5, 31, 41])]);
}
