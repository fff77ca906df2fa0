using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>y = sum of coefficient times x over the inputs, in their order, rectified where there is a slope.</summary>
internal readonly unsafe struct WeightedSum(float** x, float* coefficients, int inputs, float* y, float? slope)
    : IRangeBody
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to)
    {
        for (int i = from; i < to; i += Lanes.Count)
        {
            Vector512<float> sum = Vector512<float>.Zero;
            for (int k = 0; k < inputs; k++)
                sum = Vector512.FusedMultiplyAdd(Vector512.Load(x[k] + i), Vector512.Create(coefficients[k]), sum);
            if (slope is { } below)
                sum = Rectifier.Value(sum, below);
            Lanes.Store(sum, y + i, to - i);
        }
    }
}

/// <summary>y = product of the inputs, in their order.</summary>
internal readonly unsafe struct Product(float** x, int inputs, float* y) : IRangeBody
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to)
    {
        for (int i = from; i < to; i += Lanes.Count)
        {
            Vector512<float> product = Vector512.Load(x[0] + i);
            for (int k = 1; k < inputs; k++)
                product *= Vector512.Load(x[k] + i);
            Lanes.Store(product, y + i, to - i);
        }
    }
}

/// <summary>
/// y = the greatest input and which one it is: of inputs 0 and 1 the first only if it is greater, after them only one
/// that is greater.
/// </summary>
internal readonly unsafe struct Maximum(float** x, int inputs, float* y, int* taken) : IRangeBody
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to)
    {
        for (int i = from; i < to; i += Lanes.Count)
        {
            Vector512<float> zeroth = Vector512.Load(x[0] + i), best = Vector512.Load(x[1] + i);
            Vector512<float> greater = Vector512.GreaterThan(zeroth, best);
            best = Vector512.ConditionalSelect(greater, zeroth, best);
            Vector512<int> which = Vector512.ConditionalSelect(
                greater.AsInt32(), Vector512<int>.Zero, Vector512<int>.One);
            for (int k = 2; k < inputs; k++)
            {
                Vector512<float> value = Vector512.Load(x[k] + i);
                greater = Vector512.GreaterThan(value, best);
                best = Vector512.ConditionalSelect(greater, value, best);
                which = Vector512.ConditionalSelect(greater.AsInt32(), Vector512.Create(k), which);
            }

            Lanes.Store(best, y + i, to - i);
            Lanes.Store(which.AsSingle(), (float*)(taken + i), to - i);
        }
    }
}
