using System.Numerics;

namespace CaffeActors.Compute.Reduction;

/// <summary>The one order in which values of several passes or replicas are added.</summary>
public static class FixedTree
{
    /// <summary>The sum of the first p values plus the sum of the others, p being the greatest power of two below
    /// their number; each of the two sums likewise.</summary>
    /// <param name="values">At least one.</param>
    public static float Sum(ReadOnlySpan<float> values)
    {
        if (values.Length == 1)
            return values[0];
        int split = Split(values.Length);
        return Sum(values[..split]) + Sum(values[split..]);
    }

    /// <summary>The greatest power of two below a number.</summary>
    /// <param name="count">At least 2.</param>
    public static int Split(int count) => 1 << BitOperations.Log2((uint)count - 1);
}
