using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Random;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>Operands with numbers between -1 and 1.</summary>
internal static class Operands
{
    /// <summary>A blob whose data and diff are random.</summary>
    public static Blob Random(params ReadOnlySpan<int> shape)
    {
        var blob = new Blob(shape);
        Fill(blob.MutableData, 1);
        Fill(blob.MutableDiff, 2);
        return blob;
    }

    private static void Fill(Span<float> values, ulong stream)
    {
        var draw = new RandomDraw(1, stream, 0);
        for (int i = 0; i < values.Length; i++)
            values[i] = (2 * draw.Float((uint)i)) - 1;
    }
}
