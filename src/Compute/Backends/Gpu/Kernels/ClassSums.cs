namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>
/// As <see cref="RowSums"/>, one sum for each position of (outer, classes, inner) over its classes: term (position,
/// class). By groups of threads or by single ones, as the axis says; each in an order that its shape alone decides.
/// </summary>
internal static class ClassSums
{
    /// <summary>Queues the sums.</summary>
    /// <param name="gpu">The accelerator. Takes its scratch buffer 0 where there are many classes.</param>
    /// <param name="positions">Number of sums.</param>
    /// <param name="axis">How the values lie.</param>
    /// <param name="term">The terms.</param>
    /// <param name="y">Receives the sums.</param>
    /// <param name="scale">Multiplies each sum. Default 1.</param>
    public static void Run<TTerm>(
        GpuDevice gpu, int positions, ClassAxis axis, TTerm term, Values y, float scale = 1)
        where TTerm : struct, IGpuTerm
    {
        if (axis.ByGroups)
            RowSums.Run(gpu, positions, axis.Classes, term, y, scale);
        else
            gpu.Run(positions, new Body<TTerm>(term, y, axis.Classes, scale));
    }

    internal readonly struct Body<TTerm>(TTerm term, Values y, int classes, float scale) : IGpuBody
        where TTerm : struct, IGpuTerm
    {
        public void Invoke(int i)
        {
            float sum = 0;
            for (int c = 0; c < classes; c++)
                sum += term.At(i, c);
            y.Set(i, scale * sum);
        }
    }
}
