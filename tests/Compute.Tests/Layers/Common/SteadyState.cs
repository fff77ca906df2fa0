using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

/// <summary>After its first passes a layer allocates nothing more on the managed heap.</summary>
internal static class SteadyState
{
    /// <summary>Runs a layer forward and backward and counts what the passes allocate.</summary>
    /// <param name="parameter">The layer.</param>
    /// <param name="bottom">Its bottoms.</param>
    /// <param name="tops">Number of its tops.</param>
    /// <param name="inPlace">Whether it works in place.</param>
    /// <param name="propagate">Which bottoms' gradients are wanted; null for all.</param>
    public static void AllocatesNothing(
        LayerParameter parameter, Blob[] bottom, int tops = 1, bool inPlace = false, bool[]? propagate = null)
    {
        using var harness = new LayerHarness(parameter, bottom, tops, inPlace);
        propagate ??= [.. bottom.Select(_ => true)];
        for (int i = 0; i < 3; i++)
            Pass();
        // The runtime allocates too, now and then (for the first wait on a lock, say): not ten times in a row.
        long allocated = 0;
        for (int attempt = 0; attempt < 3; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 10; i++)
                Pass();
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated == 0)
                break;
        }

        Assert.Equal(0, allocated);

        void Pass()
        {
            harness.Forward();
            harness.Layer.Backward(harness.Top, propagate, harness.Bottom);
        }
    }
}
