using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>Finds the largest absolute value of an array, and whether all its values are finite.</summary>
public static unsafe class MagnitudeScan
{
    private const int Infinity = 0x7F800000;

    /// <summary>Scans an array over a device's threads. Uses the workspace's shared buffer
    /// <see cref="BlockSum.Slot"/>.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="values">The array.</param>
    /// <param name="count">Number of values.</param>
    /// <param name="finite">Whether none is NaN or infinite.</param>
    /// <returns>The largest absolute value of those that are finite; 0 for none.</returns>
    public static float Largest(CpuDevice device, float* values, int count, out bool finite)
    {
        finite = true;
        if (count == 0)
            return 0;
        int blocks = (int)(((long)count + CpuDevice.Grain - 1) / CpuDevice.Grain);
        var found = (int*)device.Workspace.Shared(BlockSum.Slot, 2L * blocks);
        Elementwise.Run(device, count, new ScanBody(values, found));
        int largest = 0;
        for (int block = 0; block < blocks; block++)
        {
            largest = Math.Max(largest, found[2 * block]);
            finite &= found[(2 * block) + 1] < Infinity;
        }

        return BitConverter.Int32BitsToSingle(largest);
    }

    // Without their sign floats are ordered as whole numbers are.
    private readonly struct ScanBody(float* values, int* found) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            Vector512<int> all = default, finite = default, infinity = Vector512.Create(Infinity);
            for (int i = from; i < to; i += Lanes.Count)
            {
                Vector512<int> bits = Lanes.Load(values + i, to - i).AsInt32() & Vector512.Create(int.MaxValue);
                all = Vector512.Max(all, bits);
                finite = Vector512.Max(finite, bits & Vector512.LessThan(bits, infinity));
            }

            int block = from / CpuDevice.Grain, largest = 0, any = 0;
            for (int lane = 0; lane < Lanes.Count; lane++)
            {
                largest = Math.Max(largest, finite[lane]);
                any = Math.Max(any, all[lane]);
            }

            (found[2 * block], found[(2 * block) + 1]) = (largest, any);
        }
    }
}
