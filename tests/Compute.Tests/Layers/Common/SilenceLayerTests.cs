using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class SilenceLayerTests
{
    private static readonly LayerParameter _parameter = new() { Type = "Silence" };

    [Fact]
    public void Backward_ClearsTheDiffsThatAreAskedFor()
    {
        using var harness = new LayerHarness(
            _parameter, [LayerHarness.RandomBlob(1, [2, 3]), LayerHarness.RandomBlob(2, [4])], tops: 0);
        float[] data = harness.Bottom[0].Data.ToArray();
        Assert.Equal(0, harness.Forward());
        harness.Bottom[0].MutableDiff.Fill(5);
        harness.Bottom[1].MutableDiff.Fill(5);
        harness.Backward(false, true);
        Assert.All(harness.Bottom[0].Diff.ToArray(), value => Assert.Equal(5, value));
        Assert.All(harness.Bottom[1].Diff.ToArray(), value => Assert.Equal(0, value));
        Assert.Equal(data, harness.Bottom[0].Data.ToArray());
    }

    [Fact]
    public void TopsOrNoBottom_AreRefused()
    {
        LayerAssert.SetUpFails(ErrorCodes.BlobCount, _parameter, [LayerHarness.RandomBlob(1, [2])], 1, "exactly 0 top");
        LayerAssert.SetUpFails(ErrorCodes.BlobCount, _parameter, [], 0, "at least 1 bottom");
    }

    [Fact]
    public void Accelerators_DoTheSame() => new GpuComparison { Tops = 0, Propagate = [true, false] }.Check(
        _parameter, () => [LayerHarness.RandomBlob(1, [2, 3]), LayerHarness.RandomBlob(2, [4])]);
}
