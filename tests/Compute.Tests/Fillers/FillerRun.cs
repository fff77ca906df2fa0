using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Fillers;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Fillers;

internal static class FillerRun
{
    /// <summary>A blob filled from the first draw of a stream.</summary>
    public static Blob Fill(FillerParameter parameter, ReadOnlySpan<int> shape, ulong seed = 1701)
    {
        var blob = new Blob(shape);
        Filler.Create(parameter).Fill(blob, new RandomDraw(seed, 1, 0));
        return blob;
    }

    /// <summary>Mean and variance are right within five standard errors (those of a normal distribution).</summary>
    public static void AssertMoments(ReadOnlySpan<float> values, double mean, double variance)
    {
        double sum = 0, squares = 0;
        foreach (float value in values)
        {
            sum += value - mean;
            squares += (value - mean) * (value - mean);
        }

        int count = values.Length;
        Assert.InRange(sum / count, -5 * Math.Sqrt(variance / count), 5 * Math.Sqrt(variance / count));
        double error = 5 * Math.Sqrt(2.0 / count);
        Assert.InRange(squares / count / variance, 1 - error, 1 + error);
    }

    /// <summary>Filling fails, and the message says why.</summary>
    public static void AssertFails(FillerParameter parameter, int[] shape, params string[] named)
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => Fill(parameter, shape));
        Assert.Equal(ErrorCodes.BadLayerParameter, failure.Code);
        Assert.All(named, text => Assert.Contains(text, failure.Message, StringComparison.Ordinal));
    }
}
