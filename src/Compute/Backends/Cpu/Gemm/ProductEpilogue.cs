using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu.Gemm;

/// <summary>What is done to the sums of a product: a bias for each column is added, then comes a ReLU.</summary>
/// <param name="bias">One number for each column of C, or null.</param>
/// <param name="negativeSlope">Factor of what is below 0, or null for no ReLU.</param>
internal readonly unsafe struct ProductEpilogue(float* bias, float? negativeSlope)
{
    /// <summary>One number for each column of C, or null.</summary>
    public float* Bias => bias;

    /// <summary>Whether there is a ReLU.</summary>
    public bool Activates => negativeSlope.HasValue;

    /// <summary>Its factor of what is below 0.</summary>
    public float Slope => negativeSlope.GetValueOrDefault();

    /// <summary>Does it to a part of C that is in the cache.</summary>
    /// <param name="c">Row 0 of the part, column <paramref name="j0"/>.</param>
    /// <param name="ldc">Floats from a row to the next.</param>
    /// <param name="m">Rows.</param>
    /// <param name="j0">The column of C with which the part starts.</param>
    /// <param name="n">Columns.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* c, nint ldc, int m, int j0, int n)
    {
        if (bias is null && !Activates)
            return;
        Vector512<float> zero = Vector512<float>.Zero, slope = Vector512.Create(Slope);
        for (int i = 0; i < m; i++, c += ldc)
        {
            for (int j = 0; j < n; j += Lanes.Count)
            {
                int count = Math.Min(Lanes.Count, n - j);
                Vector512<float> x = Lanes.Load(c + j, count);
                if (bias is not null)
                    x += Lanes.Load(bias + j0 + j, count);
                if (Activates)
                    x = TileStore.Activation(x, zero, slope);
                Lanes.Store(x, c + j, count);
            }
        }
    }
}
