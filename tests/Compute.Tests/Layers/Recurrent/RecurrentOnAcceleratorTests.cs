using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Recurrent;

/// <summary>Recurrent layers give on an accelerator what they give on the CPU, and carry their state there.</summary>
public sealed class RecurrentOnAcceleratorTests
{
    private const int Steps = 4, Items = 5, Inputs = 7, Width = 9;

    private static LayerParameter Layer(string type, bool exposes = false) => TextFormat.Parse<LayerParameter>(
        $$"""
        type: '{{type}}'
        recurrent_param {
          num_output: {{Width}}
          weight_filler { type: 'uniform' min: -0.5 max: 0.5 }
          bias_filler { type: 'uniform' min: -0.2 max: 0.2 }
          expose_hidden: {{(exposes ? "true" : "false")}}
        }
        """);

    // Each third sequence begins anew at some step, two of them at the first one.
    private static Blob Marks(int steps, int items)
    {
        var marks = new Blob(steps, items);
        for (int i = 0; i < marks.Count; i++)
            marks.MutableData[i] = i % 3 == 0 ? 0 : 1;
        return marks;
    }

    private static Blob[] Bottoms(bool hasStatic, int states)
    {
        List<Blob> bottoms = [LayerHarness.RandomBlob(1, [Steps, Items, Inputs]), Marks(Steps, Items)];
        if (hasStatic)
            bottoms.Add(LayerHarness.RandomBlob(2, [Items, 3]));
        for (int i = 0; i < states; i++)
            bottoms.Add(LayerHarness.RandomBlob(3 + i, [1, Items, Width]));
        return [.. bottoms];
    }

    [Theory]
    [InlineData("RNN", false, 0)]
    [InlineData("RNN", true, 1)]
    [InlineData("LSTM", false, 0)]
    [InlineData("LSTM", true, 0)]
    [InlineData("LSTM", false, 2)]
    public void SequencesAreTheSame(string type, bool hasStatic, int states)
    {
        int bottoms = 2 + (hasStatic ? 1 : 0) + states;
        bool[] propagate = [.. Enumerable.Range(0, bottoms).Select(i => i == 0 || (i == 2 && hasStatic))];
        new GpuComparison { Tops = 1 + states, Propagate = propagate }.Check(
            Layer(type, states > 0), () => Bottoms(hasStatic, states));
    }

    [Fact]
    public void LstmUnit_IsTheSame() => new GpuComparison { Tops = 2, Propagate = [true, true, false] }.Check(
        TextFormat.Parse<LayerParameter>("type: 'LSTMUnit'"),
        () => [LayerHarness.RandomBlob(1, [1, 7, 19]), LayerHarness.RandomBlob(2, [1, 7, 76], -3, 3), Marks(1, 7)]);

    [Theory]
    [InlineData("RNN")]
    [InlineData("LSTM")]
    public void Passes_AllocateNothing(string type) =>
        SteadyState.AllocatesNothing(Layer(type), Bottoms(true, 0), propagate: [true, false, true]);
}
