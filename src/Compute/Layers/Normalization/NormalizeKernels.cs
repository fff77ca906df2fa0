using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Layers.Common;

namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>1 / sqrt(sum of x^2 + eps) of images, or of each of their places.</summary>
internal readonly unsafe struct NormalizeLengths(NormalizeShape shape, float* x, float* inverse, float eps) : IRowBody
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to, int worker)
    {
        for (int image = from; image < to; image++)
        {
            float* source = x + ((long)image * shape.ImageSize);
            if (!shape.ByPlace)
            {
                inverse[image] = (float)(1 / Math.Sqrt(PlaneSums.Product(source, source, shape.ImageSize) + eps));
                continue;
            }

            float* target = inverse + ((long)image * shape.Places);
            for (int place = 0; place < shape.Places; place += Lanes.Count)
            {
                int lanes = Math.Min(Lanes.Count, shape.Places - place);
                Vector512<float> sum = Vector512.Create(eps);
                for (int channel = 0; channel < shape.Channels; channel++)
                {
                    Vector512<float> value = Lanes.Load(source + ((long)channel * shape.Places) + place, lanes);
                    sum = Vector512.FusedMultiplyAdd(value, value, sum);
                }

                Lanes.Store(Vector512<float>.One / Vector512.Sqrt(sum), target + place, lanes);
            }
        }
    }
}

/// <summary>y = s x / r, plane by plane.</summary>
internal readonly unsafe struct NormalizeForward(
    NormalizeShape shape, float* x, float* inverse, float* scale, float* y) : IRowBody
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to, int worker)
    {
        for (int plane = from; plane < to; plane++)
        {
            float* lengths = inverse + shape.LengthOf(plane);
            long at = (long)plane * shape.Places;
            Vector512<float> factor = Vector512.Create(scale[shape.ScaleOf(plane)]);
            for (int i = 0; i < shape.Places; i += Lanes.Count)
            {
                int lanes = Math.Min(Lanes.Count, shape.Places - i);
                Vector512<float> length = shape.ByPlace ? Lanes.Load(lengths + i, lanes) : Vector512.Create(*lengths);
                Lanes.Store(factor * (length * Lanes.Load(x + at + i, lanes)), y + at + i, lanes);
            }
        }
    }
}

/// <summary>The sum of dy u over each plane.</summary>
internal readonly unsafe struct NormalizeDots(NormalizeShape shape, float* x, float* dy, float* inverse, double* dots)
    : IRowBody
{
    /// <inheritdoc/>
    public void Invoke(int from, int to, int worker)
    {
        for (int plane = from; plane < to; plane++)
        {
            float* lengths = inverse + shape.LengthOf(plane);
            long at = (long)plane * shape.Places;
            dots[plane] = shape.ByPlace
                ? PlaneSums.Product(x + at, dy + at, lengths, shape.Places)
                : PlaneSums.Product(x + at, dy + at, shape.Places) * *lengths;
        }
    }
}

/// <summary>The sum of s dy u over the channels, at each place of images.</summary>
internal readonly unsafe struct NormalizeProjections(
    NormalizeShape shape, float* x, float* dy, float* inverse, float* scale, float* projection) : IRowBody
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to, int worker)
    {
        for (int image = from; image < to; image++)
        {
            long start = (long)image * shape.ImageSize, lengths = (long)image * shape.Places;
            for (int place = 0; place < shape.Places; place += Lanes.Count)
            {
                int lanes = Math.Min(Lanes.Count, shape.Places - place);
                Vector512<float> sum = Vector512<float>.Zero;
                for (int channel = 0; channel < shape.Channels; channel++)
                {
                    long at = start + ((long)channel * shape.Places) + place;
                    Vector512<float> factor = Vector512.Create(scale[shape.ChannelShared ? 0 : channel]);
                    sum = Vector512.FusedMultiplyAdd(
                        factor * Lanes.Load(dy + at, lanes), Lanes.Load(x + at, lanes), sum);
                }

                Lanes.Store(
                    sum * Lanes.Load(inverse + lengths + place, lanes), projection + lengths + place, lanes);
            }
        }
    }
}

/// <summary>dx = (s dy - u projection) / r, plane by plane; dx may be dy.</summary>
internal readonly unsafe struct NormalizeBackward(
    NormalizeShape shape, float* x, float* dy, float* inverse, float* projection, float* scale, float* dx) : IRowBody
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to, int worker)
    {
        for (int plane = from; plane < to; plane++)
        {
            float* lengths = inverse + shape.LengthOf(plane), parts = projection + shape.LengthOf(plane);
            long at = (long)plane * shape.Places;
            Vector512<float> factor = Vector512.Create(scale[shape.ScaleOf(plane)]);
            for (int i = 0; i < shape.Places; i += Lanes.Count)
            {
                int lanes = Math.Min(Lanes.Count, shape.Places - i);
                Vector512<float> length = shape.ByPlace ? Lanes.Load(lengths + i, lanes) : Vector512.Create(*lengths);
                Vector512<float> part = shape.ByPlace ? Lanes.Load(parts + i, lanes) : Vector512.Create(*parts);
                Vector512<float> u = length * Lanes.Load(x + at + i, lanes);
                Lanes.Store(
                    length * ((factor * Lanes.Load(dy + at + i, lanes)) - (part * u)), dx + at + i, lanes);
            }
        }
    }
}
