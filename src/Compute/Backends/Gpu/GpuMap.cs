using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>Functions applied to each element on an accelerator. The target may be one of the sources.</summary>
public static class GpuMap
{
    /// <summary>Queues y[i] = f(a[i]).</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="count">Number of elements.</param>
    /// <param name="a">The argument.</param>
    /// <param name="y">The target.</param>
    /// <param name="function">f.</param>
    public static void Run<TFunction>(GpuDevice gpu, int count, Values a, Values y, TFunction function)
        where TFunction : struct, IGpuFunction => gpu.Run(count, new Body<TFunction>(a, y, function));

    /// <summary>Queues y[i] = f(a[i], b[i]).</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="count">Number of elements.</param>
    /// <param name="a">The first argument.</param>
    /// <param name="b">The second argument.</param>
    /// <param name="y">The target.</param>
    /// <param name="function">f.</param>
    public static void Run<TFunction>(GpuDevice gpu, int count, Values a, Values b, Values y, TFunction function)
        where TFunction : struct, IGpuFunction2 => gpu.Run(count, new Body2<TFunction>(a, b, y, function));

    internal readonly struct Body<TFunction>(Values a, Values y, TFunction function) : IGpuBody
        where TFunction : struct, IGpuFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Invoke(int i) => y.Set(i, function.Invoke(a[i]));
    }

    internal readonly struct Body2<TFunction>(Values a, Values b, Values y, TFunction function) : IGpuBody
        where TFunction : struct, IGpuFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Invoke(int i) => y.Set(i, function.Invoke(a[i], b[i]));
    }
}
