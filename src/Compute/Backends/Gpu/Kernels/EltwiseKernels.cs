using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>Up to four blobs that a kernel reads or writes; a missing one does not exist.</summary>
internal readonly struct FourValues(Values a, Values b, Values c, Values d)
{
    public readonly Values A = a, B = b, C = c, D = d;
}

/// <summary>y = what came before, if anything did, + the sum of coefficient times x.</summary>
internal readonly struct WeightedSumBody(
    Values before, FourValues x, float a, float b, float c, float d, Values y) : IGpuBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int i)
    {
        float sum = before.Exists ? before[i] : 0;
        sum += x.A.Exists ? a * x.A[i] : 0;
        sum += x.B.Exists ? b * x.B[i] : 0;
        sum += x.C.Exists ? c * x.C[i] : 0;
        sum += x.D.Exists ? d * x.D[i] : 0;
        y.Set(i, sum);
    }
}

/// <summary>y = what came before, if anything did, times the product of the x.</summary>
internal readonly struct ProductBody(Values before, FourValues x, Values y) : IGpuBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int i)
    {
        float product = before.Exists ? before[i] : 1;
        product *= x.A.Exists ? x.A[i] : 1;
        product *= x.B.Exists ? x.B[i] : 1;
        product *= x.C.Exists ? x.C[i] : 1;
        product *= x.D.Exists ? x.D[i] : 1;
        y.Set(i, product);
    }
}

/// <summary>
/// y = the greatest of what came before and the x, and which one it is: of the first two the first only if it is
/// greater, after them only one that is greater.
/// </summary>
/// <param name="before">The greatest so far; without it A and B are the first two.</param>
/// <param name="x">Inputs.</param>
/// <param name="first">The number of A.</param>
/// <param name="y">The greatest.</param>
/// <param name="taken">Its number.</param>
internal readonly struct MaximumBody(Values before, FourValues x, int first, Values y, Values taken) : IGpuBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int i)
    {
        float best, which;
        if (before.Exists)
        {
            best = before[i];
            which = taken[i];
            float value = x.A[i];
            which = value > best ? first : which;
            best = value > best ? value : best;
            if (x.B.Exists)
            {
                value = x.B[i];
                which = value > best ? first + 1 : which;
                best = value > best ? value : best;
            }
        }
        else
        {
            float zeroth = x.A[i];
            best = x.B[i];
            which = zeroth > best ? 0f : 1f;
            best = zeroth > best ? zeroth : best;
        }

        if (x.C.Exists)
        {
            float value = x.C[i];
            which = value > best ? first + 2 : which;
            best = value > best ? value : best;
        }

        if (x.D.Exists)
        {
            float value = x.D[i];
            which = value > best ? first + 3 : which;
            best = value > best ? value : best;
        }

        y.Set(i, best);
        taken.Set(i, which);
    }
}

/// <summary>dx = coefficient times dy. One of the dx may be dy.</summary>
internal readonly struct WeightedSumGradientBody(
    Values dy, FourValues dx, float a, float b, float c, float d) : IGpuBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int i)
    {
        float gradient = dy[i];
        if (dx.A.Exists)
            dx.A.Set(i, a * gradient);
        if (dx.B.Exists)
            dx.B.Set(i, b * gradient);
        if (dx.C.Exists)
            dx.C.Set(i, c * gradient);
        if (dx.D.Exists)
            dx.D.Set(i, d * gradient);
    }
}

/// <summary>dx = dy for the input that was taken, 0 for the others. One of the dx may be dy.</summary>
/// <param name="dy">The gradient.</param>
/// <param name="taken">The number of the one taken.</param>
/// <param name="dx">The inputs' gradients.</param>
/// <param name="first">The number of A.</param>
internal readonly struct MaximumGradientBody(Values dy, Values taken, FourValues dx, int first) : IGpuBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int i)
    {
        float gradient = dy[i];
        int which = (int)taken[i] - first;
        if (dx.A.Exists)
            dx.A.Set(i, which == 0 ? gradient : 0);
        if (dx.B.Exists)
            dx.B.Set(i, which == 1 ? gradient : 0);
        if (dx.C.Exists)
            dx.C.Set(i, which == 2 ? gradient : 0);
        if (dx.D.Exists)
            dx.D.Set(i, which == 3 ? gradient : 0);
    }
}

/// <summary>dx = dy y / x.</summary>
internal readonly struct QuotientGradientBody(Values y, Values x, Values dy, Values dx) : IGpuBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int i) => dx.Set(i, y[i] / x[i] * dy[i]);
}
