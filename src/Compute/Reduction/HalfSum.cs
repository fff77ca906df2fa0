using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Reduction;

/// <summary>
/// Gradients that travel in 16 bits (fp16). What rounding takes away is kept and added to the next iteration's
/// gradients, so that over the iterations nothing is lost (error feedback; Seide et al. 2014, "1-bit stochastic
/// gradient descent"). What is beyond fp16's range becomes its greatest value, the rest being kept too; what is NaN or
/// infinite stays so. All on a CPU device's threads.
/// </summary>
public static unsafe class HalfSum
{
    private const float Greatest = 65504;

    /// <summary>Rounds source + residual to 16 bits; residual becomes the error.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="source">The gradients.</param>
    /// <param name="residual">What rounding took away before; 0 at first.</param>
    /// <param name="target">Receives the fp16 values.</param>
    /// <param name="count">Number of elements, at least 0.</param>
    /// <param name="keep">Whether source becomes the rounded values, for one who goes on with what the others
    /// get.</param>
    public static void Round(CpuDevice device, float* source, float* residual, ushort* target, int count, bool keep) =>
        Elementwise.Run(device, count, new RoundBody(source, residual, target, keep));

    /// <summary>target[i] += source[i].</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="target">Receives the sum.</param>
    /// <param name="source">fp16 values.</param>
    /// <param name="count">Number of elements, at least 0.</param>
    public static void Add(CpuDevice device, float* target, ushort* source, int count) =>
        Elementwise.Run(device, count, new ExpandBody(target, source, add: true));

    /// <summary>target[i] = source[i].</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="target">Receives the values.</param>
    /// <param name="source">fp16 values.</param>
    /// <param name="count">Number of elements, at least 0.</param>
    public static void Expand(CpuDevice device, float* target, ushort* source, int count) =>
        Elementwise.Run(device, count, new ExpandBody(target, source, add: false));

    private readonly struct RoundBody(float* source, float* residual, ushort* target, bool keep) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            // A register's worth at a time, so that what is rounded is compared while it is near.
            float* wanted = stackalloc float[Vector512<float>.Count];
            float* rounded = stackalloc float[Vector512<float>.Count];
            for (int i = from; i < to; i += Vector512<float>.Count)
            {
                int count = Math.Min(Vector512<float>.Count, to - i);
                Vector512<float> value = Lanes.Load(source + i, count) + Lanes.Load(residual + i, count);
                Vector512<float> size = Vector512.Abs(value);
                Vector512<float> isFinite = Vector512.LessThan(size, Vector512.Create(float.PositiveInfinity));
                Vector512<float> bounded = Vector512.ConditionalSelect(
                    isFinite, Vector512.Clamp(value, Vector512.Create(-Greatest), Vector512.Create(Greatest)), value);
                Lanes.Store(bounded, wanted, count);
                HalfConversion.Round(wanted, target + i, count, StorageType.Float16);
                HalfConversion.Expand(target + i, rounded, count, StorageType.Float16);
                Vector512<float> result = Lanes.Load(rounded, count);
                Lanes.Store(
                    Vector512.ConditionalSelect(isFinite, value - result, Vector512<float>.Zero), residual + i, count);
                if (keep)
                    Lanes.Store(result, source + i, count);
            }
        }
    }

    private readonly struct ExpandBody(float* target, ushort* source, bool add) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            if (!add)
            {
                HalfConversion.Expand(source + from, target + from, to - from, StorageType.Float16);
                return;
            }

            float* values = stackalloc float[Vector512<float>.Count];
            for (int i = from; i < to; i += Vector512<float>.Count)
            {
                int count = Math.Min(Vector512<float>.Count, to - i);
                HalfConversion.Expand(source + i, values, count, StorageType.Float16);
                Lanes.Store(Lanes.Load(target + i, count) + Lanes.Load(values, count), target + i, count);
            }
        }
    }
}
