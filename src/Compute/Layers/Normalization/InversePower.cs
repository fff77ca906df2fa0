using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>s^-beta, 16 at a time. A negative s gives NaN; 0 gives infinity.</summary>
internal interface IInversePower
{
    /// <summary>s^-beta.</summary>
    Vector512<float> Of(Vector512<float> s);

    /// <summary>s^-beta and 1 / s.</summary>
    (Vector512<float> Power, Vector512<float> Inverse) Both(Vector512<float> s);
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

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (Vector512<float> Power, Vector512<float> Inverse) Both(Vector512<float> s)
    {
        // s^-0.75 s^0.25 = s^-0.5: the one division serves both.
        Vector512<float> root = Vector512.Sqrt(s), fourth = Vector512.Sqrt(root);
        Vector512<float> power = Vector512<float>.One / (root * fourth), inverseRoot = power * fourth;
        return (power, inverseRoot * inverseRoot);
    }
}

/// <summary>exp(-beta log(s)).</summary>
/// <param name="beta">The exponent's negative.</param>
internal readonly struct InverseAnyPower(float beta) : IInversePower
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Of(Vector512<float> s) => Vector512.Exp(Vector512.Log(s) * Vector512.Create(-beta));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (Vector512<float> Power, Vector512<float> Inverse) Both(Vector512<float> s) =>
        (Of(s), Vector512<float>.One / s);
}
