using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Compute.Reduction;

/// <summary>The passes over memory that reduction is made of, on the receiving device's threads.</summary>
public static unsafe class GradientSum
{
    /// <summary>target.diff += source.diff, all of it, where the target lives: values of another device are copied
    /// there.</summary>
    /// <param name="device">Whose threads; the target is its own.</param>
    /// <param name="target">Receives the sum.</param>
    /// <param name="source">Of the same count; it is only read.</param>
    public static void Add(CpuDevice device, LearnableParam target, LearnableParam source)
    {
        int count = target.Blob.Count;
        if (count == 0)
            return;
        if (target.Gpu is { } gpu)
            gpu.Run(count, new AddScaledBody(source.Blob.GpuDiff(gpu), target.Blob.MutableGpuDiff(gpu), 1));
        else
            Add(device, target.Blob.MutableCpuDiff, source.Blob.CpuDiff, count);
    }

    /// <summary>target.diff += kept.data.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="target">Receives the sum.</param>
    /// <param name="kept">Of the same count; it is only read.</param>
    public static void AddKept(CpuDevice device, LearnableParam target, Blob kept)
    {
        if (target.Gpu is { } gpu)
            gpu.Run(kept.Count, new AddScaledBody(kept.GpuData(gpu), target.Blob.MutableGpuDiff(gpu), 1));
        else
            Add(device, target.Blob.MutableCpuDiff, kept.CpuData, kept.Count);
    }

    /// <summary>kept.data = source.diff, source.diff = 0.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="source">Whose gradient is moved.</param>
    /// <param name="kept">Of the same count; it is overwritten.</param>
    public static void Keep(CpuDevice device, LearnableParam source, Blob kept)
    {
        if (source.Gpu is { } gpu)
            gpu.Run(kept.Count, new CopyBody(source.Blob.GpuDiff(gpu), kept.OverwriteGpuData(gpu)));
        else
            Copy(device, kept.MutableCpuData, source.Blob.CpuDiff, kept.Count);
        source.Blob.ClearDiff();
    }

    /// <summary>target.data = source.data.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="gpu">The accelerator where both live; null for the CPU.</param>
    /// <param name="target">Receives the values.</param>
    /// <param name="source">Of the same count; it is only read.</param>
    public static void Copy(CpuDevice device, GpuDevice? gpu, Blob target, Blob source)
    {
        if (gpu is not null)
            gpu.Run(source.Count, new CopyBody(source.GpuData(gpu), target.OverwriteGpuData(gpu)));
        else
            Copy(device, target.MutableCpuData, source.CpuData, source.Count);
    }

    /// <summary>target[i] += source[i].</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="target">Receives the sum.</param>
    /// <param name="source">It is only read.</param>
    /// <param name="count">Number of elements, at least 0.</param>
    public static void Add(CpuDevice device, float* target, float* source, int count) =>
        VectorMap.Run(device, count, target, source, target, default(Sum));

    /// <summary>values[i] *= factor.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="values">They are changed.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="count">Number of elements, at least 0.</param>
    public static void Scale(CpuDevice device, float* values, float factor, int count) =>
        VectorMap.Run(device, count, values, values, new Scaled(factor));

    /// <summary>target[i] = source[i].</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="target">Receives the values.</param>
    /// <param name="source">It is only read.</param>
    /// <param name="count">Number of elements, at least 0.</param>
    public static void Copy(CpuDevice device, float* target, float* source, int count) =>
        Elementwise.Run(device, count, new HostCopy(target, source));

    /// <summary>Takes over another replica's parameter: target.data = source.data, target.diff = 0.</summary>
    /// <param name="device">Whose threads; the target is its own.</param>
    /// <param name="target">Receives the values.</param>
    /// <param name="source">Of the same count; it is only read.</param>
    public static void TakeOver(CpuDevice device, LearnableParam target, LearnableParam source)
    {
        if (target.Blob.Count == 0)
            return;
        Copy(device, target.Gpu, target.Blob, source.Blob);
        target.Blob.ClearDiff();
    }

    private readonly struct Sum : IVectorFunction2
    {
        public Vector512<float> Invoke(Vector512<float> a, Vector512<float> b) => a + b;
    }

    private readonly struct Scaled(float factor) : IVectorFunction
    {
        public Vector512<float> Invoke(Vector512<float> x) => x * factor;
    }

    private readonly struct HostCopy(float* target, float* source) : IRangeBody
    {
        public void Invoke(int from, int to) =>
            new ReadOnlySpan<float>(source + from, to - from).CopyTo(new Span<float>(target + from, to - from));
    }
}
