using System.Globalization;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Random;

namespace CaffeActors.Benchmarks.Layers;

/// <summary>
/// Runs a net once more and compares some numbers that its convolution and inner-product layers make, at random places,
/// with plain sums in double over the very operands: outputs, and the gradients of data and weights.
/// </summary>
internal static class ReferenceCheck
{
    /// <summary>How far a number may be off, as a part of the largest one of its blob.</summary>
    public const double Tolerance = 2e-4;

    private const int Places = 24;

    /// <summary>Checks all layers.</summary>
    /// <param name="net">A net whose input is set.</param>
    /// <param name="backward">Whether the gradients are checked too.</param>
    /// <returns>The greatest deviations of outputs, data gradients and weight gradients, as parts of the largest number
    /// of their blobs.</returns>
    public static double[] Run(Net net, bool backward)
    {
        double[] worst = new double[3];
        Dictionary<int, float[]> rectified = [];
        net.ClearParamDiffs();
        foreach (NetLayer layer in net.Layers)
        {
            net.ForwardLayer(layer.Rank);
            if (PlainSums.Of(layer) is not { } sums)
                continue;
            var absorbed = new AbsorbedWork(net, layer);
            ReadOnlySpan<float> y = layer.Top[0].Data;
            if (absorbed.Rectifies)
                rectified[layer.Rank] = y.ToArray();
            Check(ref worst[0], layer.Rank, y, place => absorbed.Apply(place, sums.Output(place)));
        }

        for (int rank = net.Layers.Count - 1; backward && rank >= 0; rank--)
        {
            NetLayer layer = net.Layers[rank];
            if (!layer.NeedBackward)
                continue;
            float[] gradient = layer.Top[0].Diff.ToArray();
            net.BackwardLayer(rank);
            if (PlainSums.Of(layer) is not { } sums)
                continue;
            if (rectified.TryGetValue(rank, out float[]? kept))
            {
                for (int i = 0; i < gradient.Length; i++)
                    gradient[i] = kept[i] > 0 ? gradient[i] : 0;
            }

            if (layer.BottomNeedBackward[0])
                Check(ref worst[1], rank, layer.Bottom[0].Diff, place => sums.DataGradient(gradient, place));
            Check(ref worst[2], rank, layer.Layer.Blobs[0].Diff, place => sums.WeightGradient(gradient, place));
        }

        return worst;
    }

    /// <summary>The deviations in words.</summary>
    /// <param name="worst">What <see cref="Run"/> found.</param>
    /// <param name="backward">Whether gradients were checked.</param>
    public static string Tell(double[] worst, bool backward) => string.Create(CultureInfo.InvariantCulture,
        $"Checked against plain sums in double at {Places} places a blob: outputs within {worst[0]:E1} of the largest "
        + $"value{(backward ? $", data gradients {worst[1]:E1}, weight gradients {worst[2]:E1}" : "")}.");

    private static void Check(ref double worst, int rank, ReadOnlySpan<float> made, Func<int, double> reference)
    {
        float largest = 0;
        foreach (float value in made)
            largest = Math.Max(largest, Math.Abs(value));
        if (largest == 0)
            throw new InvalidOperationException($"Layer {rank} made nothing but zeros: there is nothing to check.");
        var draw = new RandomDraw(2, (ulong)rank, 0);
        for (uint i = 0; i < Places; i++)
        {
            int place = (int)(draw.Float(i) * (made.Length - 1));
            worst = Math.Max(worst, Math.Abs(made[place] - reference(place)) / largest);
        }
    }
}
