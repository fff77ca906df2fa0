using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Random;
using Xunit;

namespace CaffeActors.Testing;

/// <summary>
/// Compares a layer's backward pass with central differences of its forward pass. The objective is the layer's own
/// loss where it has one, else a fixed random weighting of all its tops, so every top element is seen at once.
/// </summary>
public sealed class GradientChecker
{
    /// <summary>Half the distance of the two forward passes. Default 1e-2.</summary>
    public float Step { get; init; } = 1e-2f;

    /// <summary>Greatest difference allowed, relative to the larger gradient, at least 1. Default 1e-3.</summary>
    public float Threshold { get; init; } = 1e-3f;

    /// <summary>Inputs closer to this value than <see cref="KinkRange"/> are left out. Default 0.</summary>
    public float Kink { get; init; }

    /// <summary>Default -1: nothing is left out.</summary>
    public float KinkRange { get; init; } = -1;

    /// <summary>How many tops count, from the first: some have no gradient. Default: all.</summary>
    public int Tops { get; init; } = int.MaxValue;

    /// <summary>Checks the gradients of the learnable blobs and of the bottoms asked for (default: all).</summary>
    public void Check(LayerHarness harness, params int[] bottoms)
    {
        if (bottoms.Length == 0)
            bottoms = [.. Enumerable.Range(0, harness.Bottom.Length)];
        CheckInputs(harness, bottoms);
    }

    /// <summary>Checks the gradients of the learnable blobs alone, of a layer whose bottoms have none.</summary>
    public void CheckBlobs(LayerHarness harness) => CheckInputs(harness, []);

    private void CheckInputs(LayerHarness harness, int[] bottoms)
    {
        bool[] propagate = [.. harness.Bottom.Select((_, i) => bottoms.Contains(i))];

        // Each pass begins with the same random numbers and the same carried state.
        (Blob Blob, float[] Data)[] carried =
            [.. harness.Layer.CarriedState.Values.Select(blob => (blob, blob.Data.ToArray()))];
        Forward(harness, carried);
        bool isLoss = harness.Top.Where((_, i) => harness.Layer.LossWeight(i) != 0).Any();
        float[][] weights = [.. harness.Top.Take(Tops).Select((top, i) => Weights(top, i))];
        if (!isLoss)
        {
            for (int i = 0; i < weights.Length; i++)
                weights[i].CopyTo(harness.Top[i].MutableDiff);
        }

        foreach (Blob blob in harness.Layer.Blobs)
            blob.MutableDiff.Clear();
        // A bottom's diff is to be overwritten: what stands in it before must not matter (but where it is a top's own).
        foreach (int i in bottoms)
        {
            if (!harness.Top.Any(top => ReferenceEquals(top.DiffMemory, harness.Bottom[i].DiffMemory)))
                harness.Bottom[i].MutableDiff.Fill(float.NaN);
        }

        harness.Backward(propagate);

        (string Name, Blob Blob)[] inputs =
        [
            .. harness.Layer.Blobs.Select((blob, i) => ($"blob {i}", blob)),
            .. bottoms.Select(i => ($"bottom {i}", harness.Bottom[i])),
        ];
        // Taken before the forward passes below, which may write diffs of their own.
        float[][] computed = [.. inputs.Select(input => input.Blob.Diff.ToArray())];
        for (int k = 0; k < inputs.Length; k++)
        {
            (string name, Blob blob) = inputs[k];
            for (int i = 0; i < blob.Count; i++)
            {
                float value = blob.Data[i];
                if (MathF.Abs(value - Kink) < KinkRange)
                    continue;
                blob.MutableData[i] = value + Step;
                double plus = Objective(harness, carried, weights, isLoss);
                blob.MutableData[i] = value - Step;
                double minus = Objective(harness, carried, weights, isLoss);
                blob.MutableData[i] = value;
                double estimate = (plus - minus) / (2 * Step);
                double scale = Math.Max(1, Math.Max(Math.Abs(estimate), Math.Abs(computed[k][i])));
                Assert.True(Math.Abs(estimate - computed[k][i]) <= Threshold * scale,
                    $"{harness.Layer.Type}, {name}, element {i} = {value}: backward gives {computed[k][i]}, "
                    + $"differences give {estimate}");
            }
        }
    }

    private static float Forward(LayerHarness harness, (Blob Blob, float[] Data)[] carried)
    {
        foreach (RandomStream stream in harness.Layer.RandomStreams.Values)
            stream.Counter = 0;
        foreach ((Blob blob, float[] data) in carried)
            data.CopyTo(blob.MutableData);
        return harness.Forward();
    }

    private static double Objective(
        LayerHarness harness, (Blob Blob, float[] Data)[] carried, float[][] weights, bool isLoss)
    {
        float loss = Forward(harness, carried);
        if (isLoss)
            return loss;
        double sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            ReadOnlySpan<float> data = harness.Top[i].Data;
            for (int j = 0; j < data.Length; j++)
            {
                // What stands for "nothing" (-FLT_MAX of an empty pooling window) would swallow all differences.
                if (MathF.Abs(data[j]) < 1e30f)
                    sum += (double)data[j] * weights[i][j];
            }
        }

        return sum;
    }

    private static float[] Weights(Blob top, int index)
    {
        var draw = new RandomDraw(7, (ulong)index, 0);
        return [.. Enumerable.Range(0, top.Count).Select(i => (2 * draw.Float((uint)i)) - 1)];
    }
}
