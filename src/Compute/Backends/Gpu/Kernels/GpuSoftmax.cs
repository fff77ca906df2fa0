using ILGPU;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>
/// Softmax over the middle axis of (outer, classes, inner) and its gradient, as <see cref="Cpu.SoftmaxKernel"/> has
/// them. Targets may be sources. Where a value is NaN its position's sum is too, and so all its results.
/// </summary>
internal static class GpuSoftmax
{
    private const int Threads = 128;

    /// <summary>Queues y from x.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="positions">Number of positions.</param>
    /// <param name="axis">How the values lie.</param>
    /// <param name="x">Scores.</param>
    /// <param name="y">Receives the probabilities.</param>
    public static void Forward(GpuDevice gpu, int positions, ClassAxis axis, Values x, Values y)
    {
        if (axis.ByGroups)
            gpu.RunGroups(positions, new ForwardGroup(axis, x, y));
        else
            gpu.Run(positions, new ForwardBody(axis, x, y));
    }

    /// <summary>Queues dx from y and dy.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="positions">Number of positions.</param>
    /// <param name="axis">How the values lie.</param>
    /// <param name="y">Probabilities.</param>
    /// <param name="dy">Their gradient.</param>
    /// <param name="dx">Receives the gradient of the scores.</param>
    public static void Backward(GpuDevice gpu, int positions, ClassAxis axis, Values y, Values dy, Values dx)
    {
        if (axis.ByGroups)
            gpu.RunGroups(positions, new BackwardGroup(axis, y, dy, dx));
        else
            gpu.Run(positions, new BackwardBody(axis, y, dy, dx));
    }

    // Exponentials are computed twice: y may keep too few digits to be scaled afterwards.
    internal readonly struct ForwardBody(ClassAxis axis, Values x, Values y) : IGpuBody
    {
        public void Invoke(int i)
        {
            int first = axis.IndexOf(i, 0);
            float max = float.NegativeInfinity;
            for (int c = 0; c < axis.Classes; c++)
            {
                float value = x[first + (c * axis.Inner)];
                max = value > max ? value : max;
            }

            float sum = 0;
            for (int c = 0; c < axis.Classes; c++)
                sum += GpuMath.Exp(x[first + (c * axis.Inner)] - max);
            float factor = 1 / sum;
            for (int c = 0; c < axis.Classes; c++)
            {
                int k = first + (c * axis.Inner);
                y.Set(k, GpuMath.Exp(x[k] - max) * factor);
            }
        }
    }

    internal readonly struct BackwardBody(ClassAxis axis, Values y, Values dy, Values dx) : IGpuBody
    {
        public void Invoke(int i)
        {
            int first = axis.IndexOf(i, 0);
            float dot = 0;
            for (int c = 0; c < axis.Classes; c++)
                dot += y[first + (c * axis.Inner)] * dy[first + (c * axis.Inner)];
            for (int c = 0; c < axis.Classes; c++)
            {
                int k = first + (c * axis.Inner);
                dx.Set(k, y[k] * (dy[k] - dot));
            }
        }
    }

    internal readonly struct ForwardGroup(ClassAxis axis, Values x, Values y) : IGpuGroupBody
    {
        public static int GroupSize => Threads;

        public void Invoke(int group, int thread)
        {
            ArrayView<float> shared = SharedMemory.Allocate<float>(Threads);
            int first = axis.IndexOf(group, 0);
            float max = float.NegativeInfinity;
            for (int c = thread; c < axis.Classes; c += Threads)
            {
                float value = x[first + (c * axis.Inner)];
                max = value > max ? value : max;
            }

            max = GroupReduce.Max(shared, thread, Threads, max);
            float sum = 0;
            for (int c = thread; c < axis.Classes; c += Threads)
                sum += GpuMath.Exp(x[first + (c * axis.Inner)] - max);
            float factor = 1 / GroupReduce.Sum(shared, thread, Threads, sum);
            for (int c = thread; c < axis.Classes; c += Threads)
            {
                int k = first + (c * axis.Inner);
                y.Set(k, GpuMath.Exp(x[k] - max) * factor);
            }
        }
    }

    internal readonly struct BackwardGroup(ClassAxis axis, Values y, Values dy, Values dx) : IGpuGroupBody
    {
        public static int GroupSize => Threads;

        public void Invoke(int group, int thread)
        {
            ArrayView<float> shared = SharedMemory.Allocate<float>(Threads);
            int first = axis.IndexOf(group, 0);
            float dot = 0;
            for (int c = thread; c < axis.Classes; c += Threads)
                dot += y[first + (c * axis.Inner)] * dy[first + (c * axis.Inner)];
            dot = GroupReduce.Sum(shared, thread, Threads, dot);
            for (int c = thread; c < axis.Classes; c += Threads)
            {
                int k = first + (c * axis.Inner);
                dx.Set(k, y[k] * (dy[k] - dot));
            }
        }
    }
}
