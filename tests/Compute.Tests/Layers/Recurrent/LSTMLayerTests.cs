using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Recurrent;

/// <summary>What is LSTM's own; the rest is in <see cref="RecurrentLayerTests"/>.</summary>
public sealed class LSTMLayerTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Gates_LieInTheOrderInputForgetOutputCandidate(int open)
    {
        // One cell whose gates are shut but for the bias of one; c begins at 1.
        LayerParameter parameter = RecurrentCase.Parameter("LSTM", 1, expose: true);
        Blob[] bottom =
        [
            new Blob(1, 1, 1), LayerHarness.BlobOf([1, 1], 1), new Blob(1, 1, 1), LayerHarness.BlobOf([1, 1, 1], 1),
        ];
        using var harness = new LayerHarness(parameter, bottom, tops: 3);
        float[] bias = [-30, 30, 30, 0];
        bias[open] = 30;
        bias.CopyTo(harness.Layer.Blobs[1].MutableData);
        harness.Forward();
        // Forget open, input shut: c stays. With input open the candidate tanh 0 adds nothing; with the candidate at
        // 1 the input is still shut.
        Assert.Equal(1, harness.Top[2].Data[0], 1e-6);
        Assert.Equal(Math.Tanh(1), harness.Top[1].Data[0], 1e-6);
        harness.Layer.Blobs[1].MutableData[0] = harness.Layer.Blobs[1].MutableData[3] = 30;
        harness.Forward();
        Assert.Equal(2, harness.Top[2].Data[0], 1e-6);
        harness.Layer.Blobs[1].MutableData[1] = -30;
        harness.Forward();
        Assert.Equal(1, harness.Top[2].Data[0], 1e-6);
        harness.Layer.Blobs[1].MutableData[2] = -30;
        harness.Forward();
        Assert.Equal(0, harness.Top[1].Data[0], 1e-6);
    }

    [Fact]
    public void Steps_EqualThoseOfTheUnit()
    {
        using LayerHarness lstm = RecurrentCase.Harness("LSTM", 1, 3, 4, 5, expose: true, marks: [1, 0, 1]);
        lstm.Forward();
        using Layer product = LayerCatalog.Compute.Create(new LayerParameter
        {
            Type = "InnerProduct",
            Name = "ip",
            InnerProductParam = new InnerProductParameter { NumOutput = 20, Axis = 2 },
        });
        var gates = new Blob();
        product.SetUp(lstm.Context, [lstm.Bottom[0]], [gates]);
        product.Blobs[0].CopyDataFrom(lstm.Layer.Blobs[0]);
        product.Blobs[1].CopyDataFrom(lstm.Layer.Blobs[1]);
        lstm.Layer.Blobs[2].MutableData.Clear();
        lstm.Forward();
        product.Forward([lstm.Bottom[0]], [gates]);
        var unit = new LayerHarness(
            new LayerParameter { Type = "LSTMUnit" }, [lstm.Bottom[3], gates, lstm.Bottom[1]], tops: 2);
        unit.Forward();
        AssertSame(lstm.Top[2], unit.Top[0]);
        AssertSame(lstm.Top[1], unit.Top[1]);
        unit.Layer.Dispose();
    }

    // A compiler for a device may join the products and sums of one kernel otherwise than those of the other.
    private static void AssertSame(Blob expected, Blob actual)
    {
        float tolerance = TestDevices.Gpu is null ? 0 : 1e-6f;
        Assert.Equal(expected.Count, actual.Count);
        for (int i = 0; i < expected.Count; i++)
            Assert.Equal(expected.Data[i], actual.Data[i], tolerance);
    }
}
