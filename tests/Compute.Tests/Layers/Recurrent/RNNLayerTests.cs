using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Recurrent;

/// <summary>What is RNN's own; the rest is in <see cref="RecurrentLayerTests"/>.</summary>
public sealed class RNNLayerTests
{
    [Fact]
    public void Backward_GoesByTheOutputsAsTheyWere()
    {
        float[] gradient = Gradient(overwrite: false);
        Assert.Contains(gradient, value => value != 0);
        Assert.Equal(gradient, Gradient(overwrite: true));
    }

    // A layer after it may have changed the top in place (Dropout) before the backward pass.
    private static float[] Gradient(bool overwrite)
    {
        using LayerHarness harness = RecurrentCase.Harness("RNN", 3, 2, 4, 5);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(1);
        if (overwrite)
            harness.Top[0].MutableData.Fill(3);
        harness.Backward(true, false);
        return [.. harness.Bottom[0].Diff, .. harness.Layer.Blobs.SelectMany(blob => blob.Diff.ToArray())];
    }
}
