using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Benchmarks.Layers;

/// <summary>
/// What the machine's cores can do at the most: fused multiply-adds on registers alone, of the widest vectors it
/// accelerates, on all threads of a device at once. A core works on twelve chains, so that none waits for its own last
/// step and all fit into registers.
/// </summary>
internal static class FmaPeak
{
    private const int Chains = 12;
    private const int Steps = 1 << 22;

    /// <summary>Measures for some milliseconds.</summary>
    /// <returns>Floating-point operations a second, an addition and a multiplication counting one each.</returns>
    public static double Measure(CpuDevice device)
    {
        bool wide = Vector512.IsHardwareAccelerated;
        double flops = 2.0 * Steps * Chains * (wide ? Vector512<float>.Count : Vector256<float>.Count) * device.Threads;
        float[] sums = new float[device.Threads];
        long start = Stopwatch.GetTimestamp();
        if (wide)
            device.Pool.Run(new Body512(sums), device.Threads);
        else
            device.Pool.Run(new Body256(sums), device.Threads);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        // The sums are of finite numbers; asking keeps them alive.
        return sums.All(float.IsFinite) ? flops / seconds : throw new InvalidOperationException("The sums overflowed.");
    }

    private readonly struct Body512(float[] sums) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int task, int worker)
        {
            Vector512<float> a = Vector512.Create(0.5f), b = Vector512.Create(0.25f);
            Vector512<float> s0 = Vector512.Create(task + 0f), s1 = Vector512.Create(task + 1f);
            Vector512<float> s2 = Vector512.Create(task + 2f), s3 = Vector512.Create(task + 3f);
            Vector512<float> s4 = Vector512.Create(task + 4f), s5 = Vector512.Create(task + 5f);
            Vector512<float> s6 = Vector512.Create(task + 6f), s7 = Vector512.Create(task + 7f);
            Vector512<float> s8 = Vector512.Create(task + 8f), s9 = Vector512.Create(task + 9f);
            Vector512<float> sa = Vector512.Create(task + 10f), sb = Vector512.Create(task + 11f);
            for (int i = 0; i < Steps; i++)
            {
                s0 = Vector512.FusedMultiplyAdd(s0, a, b);
                s1 = Vector512.FusedMultiplyAdd(s1, a, b);
                s2 = Vector512.FusedMultiplyAdd(s2, a, b);
                s3 = Vector512.FusedMultiplyAdd(s3, a, b);
                s4 = Vector512.FusedMultiplyAdd(s4, a, b);
                s5 = Vector512.FusedMultiplyAdd(s5, a, b);
                s6 = Vector512.FusedMultiplyAdd(s6, a, b);
                s7 = Vector512.FusedMultiplyAdd(s7, a, b);
                s8 = Vector512.FusedMultiplyAdd(s8, a, b);
                s9 = Vector512.FusedMultiplyAdd(s9, a, b);
                sa = Vector512.FusedMultiplyAdd(sa, a, b);
                sb = Vector512.FusedMultiplyAdd(sb, a, b);
            }

            sums[task] = Vector512.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + sa + sb);
        }
    }

    private readonly struct Body256(float[] sums) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int task, int worker)
        {
            Vector256<float> a = Vector256.Create(0.5f), b = Vector256.Create(0.25f);
            Vector256<float> s0 = Vector256.Create(task + 0f), s1 = Vector256.Create(task + 1f);
            Vector256<float> s2 = Vector256.Create(task + 2f), s3 = Vector256.Create(task + 3f);
            Vector256<float> s4 = Vector256.Create(task + 4f), s5 = Vector256.Create(task + 5f);
            Vector256<float> s6 = Vector256.Create(task + 6f), s7 = Vector256.Create(task + 7f);
            Vector256<float> s8 = Vector256.Create(task + 8f), s9 = Vector256.Create(task + 9f);
            Vector256<float> sa = Vector256.Create(task + 10f), sb = Vector256.Create(task + 11f);
            for (int i = 0; i < Steps; i++)
            {
                s0 = Vector256.FusedMultiplyAdd(s0, a, b);
                s1 = Vector256.FusedMultiplyAdd(s1, a, b);
                s2 = Vector256.FusedMultiplyAdd(s2, a, b);
                s3 = Vector256.FusedMultiplyAdd(s3, a, b);
                s4 = Vector256.FusedMultiplyAdd(s4, a, b);
                s5 = Vector256.FusedMultiplyAdd(s5, a, b);
                s6 = Vector256.FusedMultiplyAdd(s6, a, b);
                s7 = Vector256.FusedMultiplyAdd(s7, a, b);
                s8 = Vector256.FusedMultiplyAdd(s8, a, b);
                s9 = Vector256.FusedMultiplyAdd(s9, a, b);
                sa = Vector256.FusedMultiplyAdd(sa, a, b);
                sb = Vector256.FusedMultiplyAdd(sb, a, b);
            }

            sums[task] = Vector256.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + sa + sb);
        }
    }
}
