using CaffeActors.Compute.Blobs;
using ILGPU;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>Finds the largest absolute value of an array on an accelerator, and whether all its values are finite: the
/// groups' findings, which the host puts together.</summary>
internal static class LargestMagnitude
{
    private const int Groups = 64;
    private const int Threads = 128;
    private const uint Infinity = 0x7F800000;

    /// <summary>Queues the search.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="values">The array.</param>
    /// <param name="count">Its length.</param>
    /// <param name="found">Receives what the groups find.</param>
    public static void Queue(GpuDevice gpu, Values values, int count, Blob found)
    {
        found.Reshape(2, Groups);
        gpu.RunGroups(Groups, new Body(values, count, found.OverwriteGpuData(gpu)));
    }

    /// <summary>Waits for the search.</summary>
    /// <param name="found">What <see cref="Queue"/> was given.</param>
    /// <param name="finite">Whether no value is NaN or infinite.</param>
    /// <returns>The largest absolute value of those that are finite; 0 for none.</returns>
    public static float Read(Blob found, out bool finite)
    {
        float largest = 0;
        finite = true;
        ReadOnlySpan<float> data = found.Data;
        for (int group = 0; group < Groups; group++)
        {
            largest = Math.Max(largest, data[group]);
            finite &= data[Groups + group] == 0;
        }

        return largest;
    }

    // Without their sign floats are ordered as whole numbers are.
    internal readonly struct Body(Values values, int count, Values found) : IGpuGroupBody
    {
        public static int GroupSize => Threads;

        public void Invoke(int group, int thread)
        {
            ArrayView<uint> shared = SharedMemory.Allocate<uint>(2 * Threads);
            int from = (int)((long)count * group / Groups), to = (int)((long)count * (group + 1) / Groups);
            uint largest = 0, bad = 0;
            for (int k = from + thread; k < to; k += Threads)
            {
                uint magnitude = Interop.FloatAsInt(values[k]) & 0x7FFFFFFFu;
                if (magnitude >= Infinity)
                    bad = 1;
                else if (magnitude > largest)
                    largest = magnitude;
            }

            shared[thread] = largest;
            shared[Threads + thread] = bad;
            Group.Barrier();
            for (int half = Threads / 2; half > 0; half /= 2)
            {
                if (thread < half)
                {
                    if (shared[thread + half] > shared[thread])
                        shared[thread] = shared[thread + half];
                    shared[Threads + thread] |= shared[Threads + thread + half];
                }

                Group.Barrier();
            }

            if (thread != 0)
                return;
            found.Set(group, Interop.IntAsFloat(shared[0]));
            found.Set(Groups + group, (int)shared[Threads]);
        }
    }
}
