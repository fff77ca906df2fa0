using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Solvers;

/// <summary>Sums over a parameter's elements that an update depends on.</summary>
/// <param name="Weights">Of the squares of the weights.</param>
/// <param name="Gradient">Of the squares of the gradient.</param>
/// <param name="History">Of the squares of the first block of history.</param>
/// <param name="Products">Of the gradient times the history.</param>
internal readonly record struct ParamSums(double Weights, double Gradient, double History, double Products)
{
    /// <summary>Computes them on the CPU; the result does not depend on the number of threads.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="memory">The parameter.</param>
    /// <param name="withHistory">Whether those of the history are wanted; else they are 0.</param>
    public static unsafe ParamSums Of(CpuDevice device, in ParamMemory memory, bool withHistory)
    {
        float* w = memory.Weights, g = memory.Gradient, h = memory.History;
        return new ParamSums(
            OfProducts(device, w, w, memory.Count), OfProducts(device, g, g, memory.Count),
            withHistory ? OfProducts(device, h, h, memory.Count) : 0,
            withHistory ? OfProducts(device, g, h, memory.Count) : 0);
    }

    /// <summary>The sum of a[i] * b[i].</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="a">The first factors.</param>
    /// <param name="b">The second factors, which may be the first.</param>
    /// <param name="count">Their number.</param>
    public static unsafe double OfProducts(CpuDevice device, float* a, float* b, int count) =>
        BlockSum.Run(device, count, new ProductsBody(a, b));

    private readonly unsafe struct ProductsBody(float* a, float* b) : ISumBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double Invoke(int from, int to)
        {
            Vector512<double> low = default, high = default;
            for (int i = from; i < to; i += Lanes.Count)
            {
                (Vector512<double> a0, Vector512<double> a1) = Vector512.Widen(Lanes.Load(a + i, to - i));
                (Vector512<double> b0, Vector512<double> b1) = Vector512.Widen(Lanes.Load(b + i, to - i));
                low += a0 * b0;
                high += a1 * b1;
            }

            return Vector512.Sum(low + high);
        }
    }
}
