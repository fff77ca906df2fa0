using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// Softmax over the middle axis of (outer, classes, inner): y_c = e^(x_c - max) / sum, and its gradient
/// dx_c = y_c * (dy_c - sum of dy * y). Targets may be sources. A position's result does not depend on the threads.
/// </summary>
public static unsafe class SoftmaxKernel
{
    /// <summary>y from x.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="x">Scores.</param>
    /// <param name="y">Receives the probabilities.</param>
    /// <param name="outer">Items.</param>
    /// <param name="classes">Classes.</param>
    /// <param name="inner">Positions of an item.</param>
    public static void Forward(CpuDevice device, float* x, float* y, int outer, int classes, int inner)
    {
        var split = new PositionSplit(outer, classes, inner);
        if (inner == 1)
            device.Pool.Run(new ForwardRows(x, y, split), split.Tasks);
        else
            device.Pool.Run(new ForwardColumns(x, y, split), split.Tasks);
    }

    /// <summary>dx from y and dy.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="y">Probabilities.</param>
    /// <param name="dy">Their gradient.</param>
    /// <param name="dx">Receives the gradient of the scores.</param>
    /// <param name="outer">Items.</param>
    /// <param name="classes">Classes.</param>
    /// <param name="inner">Positions of an item.</param>
    public static void Backward(CpuDevice device, float* y, float* dy, float* dx, int outer, int classes, int inner)
    {
        var split = new PositionSplit(outer, classes, inner);
        if (inner == 1)
            device.Pool.Run(new BackwardRows(y, dy, dx, split), split.Tasks);
        else
            device.Pool.Run(new BackwardColumns(y, dy, dx, split), split.Tasks);
    }

    // inner = 1: the classes of an item lie side by side.
    private readonly struct ForwardRows(float* x, float* y, PositionSplit split) : IParallelBody
    {
        public void Invoke(int task, int worker)
        {
            (int from, int to) = split.Of(task);
            for (int row = from; row < to; row++)
                Row(x + ((long)row * split.Classes), y + ((long)row * split.Classes), split.Classes);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Row(float* x, float* y, int classes)
        {
            int whole = classes & ~15, rest = classes & 15;
            Vector512<float> restLanes = Lanes.First(rest);
            Vector512<float> greatest = Vector512.Create(float.NegativeInfinity);
            for (int c = 0; c < whole; c += 16)
                greatest = Vector512.Max(greatest, Vector512.Load(x + c));
            if (rest > 0)
            {
                greatest = Vector512.Max(
                    greatest, Vector512.ConditionalSelect(restLanes, Lanes.Load(x + whole, rest), greatest));
            }

            Vector512<float> max = Vector512.Create(VectorMath.MaxLane(greatest));
            Vector512<float> sums = Vector512<float>.Zero;
            for (int c = 0; c < whole; c += 16)
            {
                Vector512<float> e = VectorMath.Exp(Vector512.Load(x + c) - max);
                sums += e;
                e.Store(y + c);
            }

            if (rest > 0)
            {
                Vector512<float> e = VectorMath.Exp(Lanes.Load(x + whole, rest) - max);
                sums += e & restLanes;
                Lanes.Store(e, y + whole, rest);
            }

            Vector512<float> factor = Vector512.Create(1 / VectorMath.SumLanes(sums));
            for (int c = 0; c < whole; c += 16)
                (Vector512.Load(y + c) * factor).Store(y + c);
            if (rest > 0)
                Lanes.Store(Lanes.Load(y + whole, rest) * factor, y + whole, rest);
        }
    }

    private readonly struct BackwardRows(float* y, float* dy, float* dx, PositionSplit split) : IParallelBody
    {
        public void Invoke(int task, int worker)
        {
            (int from, int to) = split.Of(task);
            for (long row = from; row < to; row++)
                Row(y + (row * split.Classes), dy + (row * split.Classes), dx + (row * split.Classes), split.Classes);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Row(float* y, float* dy, float* dx, int classes)
        {
            int whole = classes & ~15, rest = classes & 15;
            Vector512<float> sums = Vector512<float>.Zero;
            for (int c = 0; c < whole; c += 16)
                sums = Vector512.FusedMultiplyAdd(Vector512.Load(y + c), Vector512.Load(dy + c), sums);
            if (rest > 0)
            {
                sums = Vector512.FusedMultiplyAdd(
                    Lanes.Load(y + whole, rest), Lanes.Load(dy + whole, rest), sums);
            }

            Vector512<float> dot = Vector512.Create(VectorMath.SumLanes(sums));
            for (int c = 0; c < whole; c += 16)
                (Vector512.Load(y + c) * (Vector512.Load(dy + c) - dot)).Store(dx + c);
            if (rest > 0)
            {
                Vector512<float> last = Lanes.Load(y + whole, rest) * (Lanes.Load(dy + whole, rest) - dot);
                Lanes.Store(last, dx + whole, rest);
            }
        }
    }

    // inner > 1: sixteen positions at a time, a class's values inner elements apart.
    private readonly struct ForwardColumns(float* x, float* y, PositionSplit split) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int task, int worker)
        {
            (int position, int to) = split.Of(task);
            while (position < to)
            {
                (long offset, int length) = split.Run(position, to);
                for (int i = 0; i < length; i += 16)
                    Column(x + offset + i, y + offset + i, Math.Min(16, length - i));
                position += length;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Column(float* x, float* y, int lanes)
        {
            int classes = split.Classes;
            long inner = split.Inner;
            Vector512<float> max = Vector512.Create(float.NegativeInfinity);
            for (int c = 0; c < classes; c++)
                max = Vector512.Max(max, Lanes.Load(x + (c * inner), lanes));
            Vector512<float> sum = Vector512<float>.Zero;
            for (int c = 0; c < classes; c++)
            {
                Vector512<float> e = VectorMath.Exp(Lanes.Load(x + (c * inner), lanes) - max);
                sum += e;
                Lanes.Store(e, y + (c * inner), lanes);
            }

            Vector512<float> factor = Vector512<float>.One / sum;
            for (int c = 0; c < classes; c++)
                Lanes.Store(Lanes.Load(y + (c * inner), lanes) * factor, y + (c * inner), lanes);
        }
    }

    private readonly struct BackwardColumns(float* y, float* dy, float* dx, PositionSplit split) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int task, int worker)
        {
            (int position, int to) = split.Of(task);
            while (position < to)
            {
                (long offset, int length) = split.Run(position, to);
                for (int i = 0; i < length; i += 16)
                    Column(offset + i, Math.Min(16, length - i));
                position += length;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Column(long offset, int lanes)
        {
            long end = offset + ((long)split.Classes * split.Inner);
            Vector512<float> dot = Vector512<float>.Zero;
            for (long i = offset; i < end; i += split.Inner)
                dot = Vector512.FusedMultiplyAdd(Lanes.Load(y + i, lanes), Lanes.Load(dy + i, lanes), dot);
            for (long i = offset; i < end; i += split.Inner)
            {
                Vector512<float> g = Lanes.Load(dy + i, lanes) - dot;
                Lanes.Store(Lanes.Load(y + i, lanes) * g, dx + i, lanes);
            }
        }
    }
}
