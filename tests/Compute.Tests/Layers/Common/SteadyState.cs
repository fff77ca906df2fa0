using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

/// <summary>After its first passes a layer allocates nothing more on the managed heap.</summary>
internal static class SteadyState
{
    /// <summary>Runs a layer forward and backward and counts what the passes allocate.</summary>
    public static void AllocatesNothing(LayerParameter parameter, Blob[] bottom, int tops = 1, bool inPlace = false)
    {
        using var harness = new LayerHarness(parameter, bottom, tops, inPlace);
        bool[] propagate = [.. bottom.Select(_ => true)];
        for (int i = 0; i < 3; i++)
            Pass();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
            Pass();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Pass()
        {
            harness.Forward();
            harness.Layer.Backward(harness.Top, propagate, harness.Bottom);
        }
    }
}
