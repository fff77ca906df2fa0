using CaffeActors.Compute.Backends.Gpu;
using ILGPU;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// What <see cref="ArgMaxBody"/> computes, on an accelerator. Positions whose values lie side by side are a group of
/// threads each, others a thread: then neighbours read neighbouring values.
/// </summary>
internal static class GpuArgMax
{
    private const int Threads = 64;

    /// <summary>Queues the search.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="x">Values (outer, classes, inner).</param>
    /// <param name="outer">Items.</param>
    /// <param name="classes">Values compared.</param>
    /// <param name="inner">Positions of an item.</param>
    /// <param name="target">Takes what is found.</param>
    public static void Run(GpuDevice gpu, Values x, int outer, int classes, int inner, in Target target)
    {
        if (inner == 1)
            gpu.RunGroups(outer, new GroupBody(x, classes, target));
        else
            gpu.Run(outer * inner, new Body(x, classes, inner, target));
    }

    // The order of keys is that of (value, index): the float's bits as a rising number above, the index below.
    private static ulong KeyOf(float value, int index)
    {
        uint bits = Interop.FloatAsInt(value == 0 ? 0 : value);
        uint rank = (bits & 0x7FFFFFFFu) > 0x7F800000u ? 0xFFFFFFFFu
            : (bits & 0x80000000u) != 0 ? ~bits
            : bits | 0x80000000u;
        return ((ulong)rank << 32) | (uint)index;
    }

    /// <summary>Where indices and values go.</summary>
    /// <param name="y">The top.</param>
    /// <param name="best">How many of each position.</param>
    /// <param name="indices">Whether indices are wanted.</param>
    /// <param name="values">Whether values are wanted.</param>
    internal readonly struct Target(Values y, int best, bool indices, bool values)
    {
        private readonly int _indices = indices ? 1 : 0;
        private readonly int _values = values ? 1 : 0;

        public int Best => best;

        // With both wanted, an item's values come behind its indices.
        public void Put(int item, int place, int inner, int rank, int index, float value)
        {
            int at = (((item * best * (_indices + _values)) + rank) * inner) + place;
            if (_indices != 0)
                y.Set(at, index);
            if (_values != 0)
                y.Set(at + (_indices != 0 ? best * inner : 0), value);
        }
    }

    internal readonly struct Body(Values x, int classes, int inner, Target target) : IGpuBody
    {
        public void Invoke(int i)
        {
            int item = i / inner, place = i % inner, start = (item * classes * inner) + place;
            ulong limit = ulong.MaxValue;
            for (int rank = 0; rank < target.Best; rank++)
            {
                ulong greatest = 0;
                for (int k = 0; k < classes; k++)
                {
                    ulong key = KeyOf(x[start + (k * inner)], k);
                    if (key < limit && key > greatest)
                        greatest = key;
                }

                int index = (int)(uint)greatest;
                target.Put(item, place, inner, rank, index, x[start + (index * inner)]);
                limit = greatest;
            }
        }
    }

    internal readonly struct GroupBody(Values x, int classes, Target target) : IGpuGroupBody
    {
        public static int GroupSize => Threads;

        public void Invoke(int group, int thread)
        {
            ArrayView<ulong> shared = SharedMemory.Allocate<ulong>(Threads);
            int start = group * classes;
            ulong limit = ulong.MaxValue;
            for (int rank = 0; rank < target.Best; rank++)
            {
                ulong greatest = 0;
                for (int k = thread; k < classes; k += Threads)
                {
                    ulong key = KeyOf(x[start + k], k);
                    if (key < limit && key > greatest)
                        greatest = key;
                }

                shared[thread] = greatest;
                ILGPU.Group.Barrier();
                for (int half = Threads / 2; half > 0; half /= 2)
                {
                    if (thread < half && shared[thread + half] > shared[thread])
                        shared[thread] = shared[thread + half];
                    ILGPU.Group.Barrier();
                }

                limit = shared[0];
                ILGPU.Group.Barrier();
                int index = (int)(uint)limit;
                if (thread == 0)
                    target.Put(group, 0, 1, rank, index, x[start + index]);
            }
        }
    }
}
