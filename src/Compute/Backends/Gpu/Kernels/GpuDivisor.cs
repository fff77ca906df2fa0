using System.Numerics;
using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>
/// Division by a number known when a kernel is queued, as a multiplication: n / d = n * ceil(2^(31 + s) / d) /
/// 2^(31 + s) with s = ceil(log2(d)), exact for n from 0 to 2^31 - 1 (Granlund, Montgomery: Division by
/// invariant integers using multiplication, 1994).
/// </summary>
internal readonly struct GpuDivisor
{
    private readonly uint _factor;
    private readonly int _shift;
    private readonly int _divisor;

    /// <summary>Prepares the division.</summary>
    /// <param name="divisor">At least 1.</param>
    public GpuDivisor(int divisor)
    {
        _divisor = divisor;
        _shift = 31 + BitOperations.Log2((uint)divisor) + (BitOperations.IsPow2(divisor) ? 0 : 1);
        _factor = (uint)(((1UL << _shift) + (ulong)divisor - 1) / (ulong)divisor);
    }

    /// <summary>The divisor.</summary>
    public int Divisor => _divisor;

    /// <summary>n / d.</summary>
    /// <param name="n">At least 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Quotient(int n) => (int)(((ulong)(uint)n * _factor) >> _shift);

    /// <summary>n % d.</summary>
    /// <param name="n">What was divided.</param>
    /// <param name="quotient">n / d.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Rest(int n, int quotient) => n - (quotient * _divisor);
}
