using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// Functions applied to each element of arrays, over a device's threads: an element's result depends on its values
/// alone, not on its place. The target may be one of the sources.
/// </summary>
public static unsafe class VectorMap
{
    /// <summary>y[i] = f(a[i]).</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="count">Number of elements.</param>
    /// <param name="a">The argument.</param>
    /// <param name="y">The target.</param>
    /// <param name="function">f.</param>
    public static void Run<TFunction>(CpuDevice device, int count, float* a, float* y, TFunction function)
        where TFunction : struct, IVectorFunction =>
        Elementwise.Run(device, count, new Body<TFunction>(a, y, function));

    /// <summary>y[i] = f(a[i], b[i]).</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="count">Number of elements.</param>
    /// <param name="a">The first argument.</param>
    /// <param name="b">The second argument.</param>
    /// <param name="y">The target.</param>
    /// <param name="function">f.</param>
    public static void Run<TFunction>(CpuDevice device, int count, float* a, float* b, float* y, TFunction function)
        where TFunction : struct, IVectorFunction2 =>
        Elementwise.Run(device, count, new Body2<TFunction>(a, b, y, function));

    private readonly struct Body<TFunction>(float* a, float* y, TFunction function) : IRangeBody
        where TFunction : struct, IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            TFunction f = function;
            int i = from;
            for (; i + 16 <= to; i += 16)
                f.Invoke(Vector512.Load(a + i)).Store(y + i);
            if (i < to)
                Lanes.Store(f.Invoke(Lanes.Load(a + i, to - i)), y + i, to - i);
        }
    }

    private readonly struct Body2<TFunction>(float* a, float* b, float* y, TFunction function) : IRangeBody
        where TFunction : struct, IVectorFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            TFunction f = function;
            int i = from;
            for (; i + 16 <= to; i += 16)
                f.Invoke(Vector512.Load(a + i), Vector512.Load(b + i)).Store(y + i);
            if (i < to)
            {
                Vector512<float> result = f.Invoke(Lanes.Load(a + i, to - i), Lanes.Load(b + i, to - i));
                Lanes.Store(result, y + i, to - i);
            }
        }
    }
}
