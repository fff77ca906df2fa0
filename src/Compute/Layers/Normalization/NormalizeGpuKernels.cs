using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using ILGPU.Algorithms;

namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>The scale of each element.</summary>
/// <param name="scales">The scales.</param>
/// <param name="elements">Which one an element has.</param>
internal readonly struct NormalizeScales(Values scales, ChannelElement elements)
{
    public float Of(int element) => scales[elements.ChannelOf(element)];
}

/// <summary>x^2 of a vector's elements.</summary>
internal readonly struct NormalizeSquare(ClassAxis vectors, Values x) : IGpuTerm
{
    public float At(int row, int k)
    {
        float value = x[vectors.IndexOf(row, k)];
        return value * value;
    }
}

/// <summary>1 / sqrt(sum of x^2 + eps).</summary>
internal readonly struct NormalizeInverse(float eps) : IGpuFunction
{
    public float Invoke(float x) => 1 / XMath.Sqrt(x + eps);
}

/// <summary>y = s x / r.</summary>
internal readonly struct NormalizeGpuForward(
    ClassAxis vectors, Values x, Values inverse, NormalizeScales scales, Values y) : IGpuBody
{
    public void Invoke(int i) => y.Set(i, scales.Of(i) * (inverse[vectors.PositionOf(i)] * x[i]));
}

/// <summary>dy u of a scale's elements.</summary>
internal readonly struct NormalizeDot(
    ClassAxis vectors, ChannelElement elements, Values x, Values dy, Values inverse) : IGpuTerm
{
    public float At(int row, int k)
    {
        int i = elements.At(row, k);
        return dy[i] * x[i] * inverse[vectors.PositionOf(i)];
    }
}

/// <summary>s dy u of a vector's elements.</summary>
internal readonly struct NormalizeProjection(
    ClassAxis vectors, Values x, Values dy, Values inverse, NormalizeScales scales) : IGpuTerm
{
    public float At(int row, int k)
    {
        int i = vectors.IndexOf(row, k);
        return scales.Of(i) * dy[i] * x[i] * inverse[row];
    }
}

/// <summary>dx = (s dy - u projection) / r; dx may be dy.</summary>
internal readonly struct NormalizeGpuBackward(
    ClassAxis vectors, Values x, Values dy, Values inverse, Values projection, NormalizeScales scales, Values dx)
    : IGpuBody
{
    public void Invoke(int i)
    {
        int vector = vectors.PositionOf(i);
        float r = inverse[vector], u = r * x[i];
        dx.Set(i, r * ((scales.Of(i) * dy[i]) - (projection[vector] * u)));
    }
}
