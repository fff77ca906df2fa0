using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using Xunit;

namespace CaffeActors.Testing;

/// <summary>After its first passes a layer, and anything else of an iteration, allocates nothing more on the managed
/// heap.</summary>
public static class SteadyState
{
    private const int Attempts = 3;

    /// <summary>Runs something again and again and counts what is allocated meanwhile.</summary>
    /// <param name="pass">What is run.</param>
    /// <param name="warmUp">Runs before it counts. Default 3.</param>
    /// <param name="times">Runs that are counted together. Default 10.</param>
    /// <param name="count">Tells bytes allocated so far. Default: those of this thread.</param>
    public static void AllocatesNothing(Action pass, int warmUp = 3, int times = 10, Func<long>? count = null)
    {
        count ??= GC.GetAllocatedBytesForCurrentThread;
        for (int i = 0; i < warmUp; i++)
            pass();
        // The runtime allocates too, now and then (for the first wait on a lock, say): not in every attempt.
        long allocated = 0;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            long before = count();
            for (int i = 0; i < times; i++)
                pass();
            allocated = count() - before;
            if (allocated == 0)
                break;
        }

        Assert.Equal(0, allocated);
    }

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
        AllocatesNothing(harness, propagate ?? [.. bottom.Select(_ => true)]);
    }

    /// <summary>The same of a layer that is set up already.</summary>
    /// <param name="harness">The layer.</param>
    /// <param name="propagate">Which bottoms' gradients are wanted.</param>
    public static void AllocatesNothing(LayerHarness harness, bool[] propagate) => AllocatesNothing(() =>
    {
        harness.Layer.Forward(harness.Bottom, harness.Top);
        harness.Layer.Backward(harness.Top, propagate, harness.Bottom);
    });
}
