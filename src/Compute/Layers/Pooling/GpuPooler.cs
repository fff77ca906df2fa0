using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Random;
using static CaffeActors.Compute.Schema.PoolingParameter.Types;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>
/// What <see cref="Pooler"/> does, on an accelerator: a thread for each window forward and for each place backward,
/// which looks at the windows around it, in their order.
/// </summary>
/// <param name="method">What is taken of a window.</param>
/// <param name="draws">For STOCHASTIC: whether an element is drawn, or the mean of the draw given.</param>
/// <param name="slice">Windows on a slice.</param>
/// <param name="outer">Windows over slices.</param>
internal sealed class GpuPooler(PoolMethod method, bool draws, PoolingGeometry slice, OuterWindows outer) : IDisposable
{
    private readonly GpuTable _slices = new();
    private readonly int[] _table = outer.Table();
    private readonly int _pooledSize = checked(outer.Count * slice.PooledSize);
    private readonly int _planeSize = checked(outer.Slices * slice.PlaneSize);

    /// <summary>Queues the pooling of planes whose results lie one after the other.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="planes">Number of planes.</param>
    /// <param name="x">The planes.</param>
    /// <param name="y">One number for each window.</param>
    /// <param name="places">Receives the places taken; not used where there are none.</param>
    /// <param name="mask">For MAX: receives the places as floats; null where nobody wants them.</param>
    /// <param name="stream">Where draws come from.</param>
    public void Forward(
        GpuDevice gpu, int planes, Values x, Values y, Values places, Values? mask, RandomStream? stream) =>
        Forward(gpu, planes, planes, 0, 0, x, y, places, mask, stream);

    /// <summary>Queues the pooling of images whose results are parts of something larger.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="planes">Number of planes of all images.</param>
    /// <param name="channels">Planes of an image.</param>
    /// <param name="imageStride">From the first results of an image to those of the next.</param>
    /// <param name="offset">Where the first image's results begin.</param>
    /// <param name="x">The planes.</param>
    /// <param name="y">Receives the results.</param>
    /// <param name="places">Receives the places taken, as the results.</param>
    /// <param name="mask">For MAX: receives the places as floats; null where nobody wants them.</param>
    /// <param name="stream">Where draws come from, one for each image.</param>
    public void Forward(
        GpuDevice gpu, int planes, int channels, int imageStride, int offset, Values x, Values y, Values places,
        Values? mask, RandomStream? stream)
    {
        if (draws)
        {
            for (int image = 0; image < planes / channels; image++)
                ForwardDraw(gpu, image, channels, offset + (image * imageStride), x, y, places, stream!.NextDraw());
            return;
        }

        GpuWindows windows = Windows(gpu, channels, imageStride, offset);
        int count = checked(planes * _pooledSize);
        if (method == PoolMethod.Max)
            gpu.Run(count, new GpuMaximum(windows, x, y, places, mask ?? Values.None, mask is null ? 0 : 1));
        else if (method == PoolMethod.Ave)
            gpu.Run(count, new GpuAverage(windows, x, y));
        else
            gpu.Run(count, new GpuMean(windows, x, y));
    }

    /// <summary>Queues one draw for each window of an image's planes.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="image">Which image.</param>
    /// <param name="channels">Planes of an image.</param>
    /// <param name="offset">Where its results begin.</param>
    /// <param name="x">The planes of all images.</param>
    /// <param name="y">Receives the results.</param>
    /// <param name="places">Receives the places taken, as the results.</param>
    /// <param name="draw">The draw.</param>
    public void ForwardDraw(
        GpuDevice gpu, int image, int channels, int offset, Values x, Values y, Values places, RandomDraw draw) =>
        gpu.Run(checked(channels * _pooledSize), new GpuDraw(
            Windows(gpu, channels, 0, offset), x, image * channels * _planeSize, y, places, draw));

    /// <summary>Queues the planes' gradient.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="planes">Number of planes of all images.</param>
    /// <param name="channels">Planes of an image.</param>
    /// <param name="imageStride">From the first results of an image to those of the next.</param>
    /// <param name="offset">Where the first image's results begin.</param>
    /// <param name="x">The planes.</param>
    /// <param name="dy">The windows' gradient.</param>
    /// <param name="places">What the forward pass noted.</param>
    /// <param name="dx">The planes' gradient.</param>
    /// <param name="add">Whether it is added to what is there.</param>
    public void Backward(
        GpuDevice gpu, int planes, int channels, int imageStride, int offset, Values x, Values dy, Values places,
        Values dx, bool add)
    {
        GpuWindows windows = Windows(gpu, channels, imageStride, offset);
        int count = checked(planes * _planeSize), adds = add ? 1 : 0;
        if (method == PoolMethod.Max || draws)
            gpu.Run(count, new GpuTaken(windows, dy, places, dx, adds));
        else if (method == PoolMethod.Ave)
            gpu.Run(count, new GpuAverageGradient(windows, dy, dx, adds));
        else
            gpu.Run(count, new GpuMeanGradient(windows, x, dy, dx, adds));
    }

    /// <inheritdoc/>
    public void Dispose() => _slices.Dispose();

    private GpuWindows Windows(GpuDevice gpu, int channels, int imageStride, int offset) =>
        new(slice, outer, _slices.On(gpu, _table), Math.Max(1, channels), imageStride, offset);
}
