using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Reduction;

/// <summary>The passes over memory that reduction is made of, on the receiving device's threads.</summary>
public static unsafe class GradientSum
{
    /// <summary>target.diff += source.diff, all of it.</summary>
    /// <param name="device">Whose threads; the target is its own.</param>
    /// <param name="target">Receives the sum.</param>
    /// <param name="source">Of the same count; it is only read.</param>
    public static void Add(CpuDevice device, Blob target, Blob source)
    {
        if (target.Count > 0)
            Add(device, target.MutableCpuDiff, source.CpuDiff, target.Count);
    }

    /// <summary>target[i] += source[i].</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="target">Receives the sum.</param>
    /// <param name="source">It is only read.</param>
    /// <param name="count">Number of elements, at least 0.</param>
    public static void Add(CpuDevice device, float* target, float* source, int count) =>
        VectorMap.Run(device, count, target, source, target, default(Sum));

    /// <summary>target[i] = source[i].</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="target">Receives the values.</param>
    /// <param name="source">It is only read.</param>
    /// <param name="count">Number of elements, at least 0.</param>
    public static void Copy(CpuDevice device, float* target, float* source, int count) =>
        Elementwise.Run(device, count, new CopyBody(target, source));

    /// <summary>Takes over another replica's parameter: target.data = source.data, target.diff = 0.</summary>
    /// <param name="device">Whose threads; the target is its own.</param>
    /// <param name="target">Receives the values.</param>
    /// <param name="source">Of the same count; it is only read.</param>
    public static void TakeOver(CpuDevice device, Blob target, Blob source)
    {
        if (target.Count == 0)
            return;
        Copy(device, target.MutableCpuData, source.CpuData, target.Count);
        Clear(device, target.MutableCpuDiff, target.Count);
    }

    /// <summary>target[i] = 0.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="target">What to clear.</param>
    /// <param name="count">Number of elements, at least 0.</param>
    public static void Clear(CpuDevice device, float* target, int count) =>
        Elementwise.Run(device, count, new ClearBody(target));

    private readonly struct Sum : IVectorFunction2
    {
        public Vector512<float> Invoke(Vector512<float> a, Vector512<float> b) => a + b;
    }

    private readonly struct CopyBody(float* target, float* source) : IRangeBody
    {
        public void Invoke(int from, int to) =>
            new ReadOnlySpan<float>(source + from, to - from).CopyTo(new Span<float>(target + from, to - from));
    }

    private readonly struct ClearBody(float* target) : IRangeBody
    {
        public void Invoke(int from, int to) => new Span<float>(target + from, to - from).Clear();
    }
}
