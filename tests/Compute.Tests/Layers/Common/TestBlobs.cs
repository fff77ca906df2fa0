using CaffeActors.Compute.Blobs;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

/// <summary>Blobs with values that some tests need.</summary>
internal static class TestBlobs
{
    /// <summary>
    /// All values differ by 0.1 or more, in a fixed pseudo-random order: small steps do not change which is greatest.
    /// </summary>
    public static Blob Spaced(int seed, params ReadOnlySpan<int> shape)
    {
        Blob blob = LayerHarness.RandomBlob(seed, shape);
        float[] keys = blob.Data.ToArray();
        int[] order = [.. Enumerable.Range(0, blob.Count)];
        Array.Sort(keys, order);
        Span<float> data = blob.MutableData;
        for (int i = 0; i < order.Length; i++)
            data[order[i]] = (i - (order.Length / 2)) * 0.1f;
        return blob;
    }

    /// <summary>The values of a blob as doubles.</summary>
    public static double[] ToDoubles(ReadOnlySpan<float> values)
    {
        double[] result = new double[values.Length];
        for (int i = 0; i < result.Length; i++)
            result[i] = values[i];
        return result;
    }

    /// <summary>Every value is near its reference, relative to it where it is above 1.</summary>
    public static void AssertNear(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double tolerance = 1e-5)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(expected[i] - actual[i]) / Math.Max(1, Math.Abs(expected[i]));
            Assert.True(error <= tolerance, $"element {i} is {actual[i]}, should be {expected[i]}");
        }
    }
}
