using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>Sums over one plane, in double precision and in an order that its length alone decides.</summary>
internal static unsafe class PlaneSums
{
    /// <summary>The sum of a[i] b[i].</summary>
    /// <param name="a">First array.</param>
    /// <param name="b">Second array; may be the first.</param>
    /// <param name="count">Number of elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Product(float* a, float* b, int count)
    {
        Vector512<double> low = default, high = default;
        for (int i = 0; i < count; i += Lanes.Count)
        {
            (Vector512<double> a0, Vector512<double> a1) = Vector512.Widen(Lanes.Load(a + i, count - i));
            (Vector512<double> b0, Vector512<double> b1) = Vector512.Widen(Lanes.Load(b + i, count - i));
            low += a0 * b0;
            high += a1 * b1;
        }

        low += high;
        double sum = 0;
        for (int lane = 0; lane < Vector512<double>.Count; lane++)
            sum += low[lane];
        return sum;
    }

    /// <summary>The sum of a[i] b[i] c[i].</summary>
    /// <param name="a">First array.</param>
    /// <param name="b">Second array.</param>
    /// <param name="c">Third array.</param>
    /// <param name="count">Number of elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Product(float* a, float* b, float* c, int count)
    {
        Vector512<double> low = default, high = default;
        for (int i = 0; i < count; i += Lanes.Count)
        {
            (Vector512<double> a0, Vector512<double> a1) = Vector512.Widen(Lanes.Load(a + i, count - i));
            (Vector512<double> b0, Vector512<double> b1) = Vector512.Widen(Lanes.Load(b + i, count - i));
            (Vector512<double> c0, Vector512<double> c1) = Vector512.Widen(Lanes.Load(c + i, count - i));
            low += a0 * b0 * c0;
            high += a1 * b1 * c1;
        }

        low += high;
        double sum = 0;
        for (int lane = 0; lane < Vector512<double>.Count; lane++)
            sum += low[lane];
        return sum;
    }
}
