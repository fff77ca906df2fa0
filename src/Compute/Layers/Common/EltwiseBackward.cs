using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Common;

// Null in dx: that input's gradient is not wanted. All inputs of 16 elements are done before the next 16, and dy is
// read first, so that in place dx may be dy.

/// <summary>dx = coefficient times dy.</summary>
internal readonly unsafe struct WeightedSumGradient(float* dy, float* coefficients, int inputs, float** dx) : IRangeBody
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to)
    {
        for (int i = from; i < to; i += Lanes.Count)
        {
            Vector512<float> gradient = Vector512.Load(dy + i);
            for (int k = 0; k < inputs; k++)
            {
                if (dx[k] is not null)
                    Lanes.Store(gradient * Vector512.Create(coefficients[k]), dx[k] + i, to - i);
            }
        }
    }
}

/// <summary>dx = dy for the input that was taken, 0 for the others.</summary>
internal readonly unsafe struct MaximumGradient(float* dy, int* taken, int inputs, float** dx) : IRangeBody
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to)
    {
        for (int i = from; i < to; i += Lanes.Count)
        {
            Vector512<float> gradient = Vector512.Load(dy + i);
            Vector512<int> which = Vector512.Load(taken + i);
            for (int k = 0; k < inputs; k++)
            {
                if (dx[k] is null)
                    continue;
                Vector512<float> mine = Vector512.Equals(which, Vector512.Create(k)).AsSingle();
                Lanes.Store(gradient & mine, dx[k] + i, to - i);
            }
        }
    }
}

/// <summary>dx = dy times the product of the other inputs, in their order.</summary>
internal readonly unsafe struct ProductGradient(float** x, float* dy, int inputs, float** dx) : IRangeBody
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to)
    {
        for (int i = from; i < to; i += Lanes.Count)
        {
            Vector512<float> gradient = Vector512.Load(dy + i);
            for (int k = 0; k < inputs; k++)
            {
                if (dx[k] is null)
                    continue;
                Vector512<float> product = Vector512<float>.One;
                for (int j = 0; j < inputs; j++)
                {
                    if (j != k)
                        product *= Vector512.Load(x[j] + i);
                }

                Lanes.Store(product * gradient, dx[k] + i, to - i);
            }
        }
    }
}

/// <summary>dx = dy y / x. y is computed anew: a later layer may have overwritten it in place.</summary>
internal readonly unsafe struct QuotientGradient(float** x, float* dy, int inputs, float** dx) : IRangeBody
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to)
    {
        for (int i = from; i < to; i += Lanes.Count)
        {
            Vector512<float> gradient = Vector512.Load(dy + i), product = Vector512.Load(x[0] + i);
            for (int k = 1; k < inputs; k++)
                product *= Vector512.Load(x[k] + i);
            for (int k = 0; k < inputs; k++)
            {
                if (dx[k] is not null)
                    Lanes.Store(product / Vector512.Load(x[k] + i) * gradient, dx[k] + i, to - i);
            }
        }
    }
}
