using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>s^-beta, 16 at a time. A negative s gives NaN, 0 an infinity, as pow does for a beta that is no integer.</summary>
internal interface IInversePower
{
    /// <summary>Takes the power.</summary>
    Vector512<float> Of(Vector512<float> s);
}

/// <summary>s^-0.75 = 1 / (sqrt(s) sqrt(sqrt(s))), within 3e-7 of it.</summary>
internal readonly struct InverseThreeQuarters : IInversePower
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Of(Vector512<float> s)
    {
        Vector512<float> root = Vector512.Sqrt(s);
        return Vector512<float>.One / (root * Vector512.Sqrt(root));
    }
}

/// <summary>exp(-beta log(s)).</summary>
/// <param name="beta">The exponent's negative.</param>
internal readonly struct InverseAnyPower(float beta) : IInversePower
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Of(Vector512<float> s) => Vector512.Exp(Vector512.Log(s) * Vector512.Create(-beta));
}
