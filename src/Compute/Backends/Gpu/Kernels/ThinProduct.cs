using System.Runtime.CompilerServices;
using ILGPU;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>The sizes of products of up to four rows.</summary>
internal readonly struct ThinShape(int batch, int m, int n, int k, int parts)
{
    /// <summary>Most rows.</summary>
    public const int MostRows = 4;

    /// <summary>Threads of a group.</summary>
    public const int Threads = 128;

    /// <summary>Products; rows and columns of each; length of the sums; parts of a sum.</summary>
    public readonly int Batch = batch, M = m, N = n, K = k, Parts = parts;

    /// <summary>A row that there is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int RowOf(int row) => row < M ? row : M - 1;
}

/// <summary>Up to four rows times a matrix whose columns lie in one piece each: a group sums up a column.</summary>
internal readonly struct ThinDots<TA, TB, TC>(TA a, TB b, TC c, ThinShape shape) : IGpuGroupBody
    where TA : struct, IGpuMatrix
    where TB : struct, IGpuMatrix
    where TC : struct, IGpuTarget
{
    public static int GroupSize => ThinShape.Threads;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int group, int thread)
    {
        ArrayView<Quad> shared = SharedMemory.Allocate<Quad>(ThinShape.Threads);
        int batch = group / shape.N, n = group % shape.N;
        GpuCursor row0 = a.Row(batch, 0), row1 = a.Row(batch, shape.RowOf(1)), row2 = a.Row(batch, shape.RowOf(2));
        GpuCursor row3 = a.Row(batch, shape.RowOf(3)), column = b.Column(batch, n);
        Quad sum = default;
        for (int k = thread; k < shape.K; k += ThinShape.Threads)
        {
            GpuCursor at = a.Column(batch, k);
            float factor = b.At(b.Row(batch, k), column);
            float v1 = shape.M > 1 ? a.At(row1, at) : 0, v2 = shape.M > 2 ? a.At(row2, at) : 0;
            sum = sum.Plus(factor, new Quad(a.At(row0, at), v1, v2, shape.M > 3 ? a.At(row3, at) : 0));
        }

        shared[thread] = sum;
        ILGPU.Group.Barrier();
        for (int half = ThinShape.Threads / 2; half > 0; half /= 2)
        {
            if (thread < half)
                shared[thread] = shared[thread].Plus(1, shared[thread + half]);
            ILGPU.Group.Barrier();
        }

        if (thread != 0)
            return;
        sum = shared[0];
        GpuCursor target = c.Column(batch, n);
        c.Put(0, target, sum.X);
        if (shape.M > 1)
            c.Put(1, target, sum.Y);
        if (shape.M > 2)
            c.Put(2, target, sum.Z);
        if (shape.M > 3)
            c.Put(3, target, sum.W);
    }
}

/// <summary>Up to four rows times a matrix whose rows lie in one piece each: each thread sums up a column, or a part
/// of it.</summary>
internal readonly struct ThinColumns<TA, TB, TC>(TA a, TB b, TC c, ThinShape shape) : IGpuGroupBody
    where TA : struct, IGpuMatrix
    where TB : struct, IGpuMatrix
    where TC : struct, IGpuTarget
{
    public static int GroupSize => ThinShape.Threads;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int group, int thread)
    {
        int blocks = (shape.N + ThinShape.Threads - 1) / ThinShape.Threads, rest = group / blocks;
        int n = (group % blocks * ThinShape.Threads) + thread, batch = rest % shape.Batch, part = rest / shape.Batch;
        int from = (int)((long)shape.K * part / shape.Parts), to = (int)((long)shape.K * (part + 1) / shape.Parts);
        if (n >= shape.N)
            return;
        GpuCursor row0 = a.Row(batch, 0), row1 = a.Row(batch, shape.RowOf(1)), row2 = a.Row(batch, shape.RowOf(2));
        GpuCursor row3 = a.Row(batch, shape.RowOf(3)), column = b.Column(batch, n);
        Quad sum = default;
        for (int k = from; k < to; k++)
        {
            GpuCursor at = a.Column(batch, k);
            float factor = b.At(b.Row(batch, k), column);
            float v1 = shape.M > 1 ? a.At(row1, at) : 0, v2 = shape.M > 2 ? a.At(row2, at) : 0;
            sum = sum.Plus(factor, new Quad(a.At(row0, at), v1, v2, shape.M > 3 ? a.At(row3, at) : 0));
        }

        GpuCursor target = c.Column((part * shape.Batch) + batch, n);
        c.Put(0, target, sum.X);
        if (shape.M > 1)
            c.Put(1, target, sum.Y);
        if (shape.M > 2)
            c.Put(2, target, sum.Z);
        if (shape.M > 3)
            c.Put(3, target, sum.W);
    }
}
