using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Random;
using static CaffeActors.Compute.Schema.PoolingParameter.Types;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>
/// Pooling of planes of one size, with its gradient: windows of the last two axes by the vector kernels, the axes
/// before them, if any, by joining the slices' results. Results do not depend on the number of threads. Immutable.
/// </summary>
/// <param name="method">What is taken of a window.</param>
/// <param name="draws">For STOCHASTIC: whether an element is drawn, or the mean of the draw given.</param>
/// <param name="axes">The spatial axes, outermost first, at least one, with windows.</param>
internal sealed unsafe class Pooler(PoolMethod method, bool draws, params ReadOnlySpan<PoolingAxis> axes)
{
    private readonly PoolingGeometry _slice = PoolingGeometry.Of(
        axes.Length > 1 ? axes[^2] : new PoolingAxis(1, 1, 1, 1, 0), axes[^1]);

    private readonly OuterWindows _outer = new(axes.Length > 2 ? axes[..^2] : []);

    /// <summary>Elements of a plane.</summary>
    public int PlaneSize => checked(_outer.Slices * _slice.PlaneSize);

    /// <summary>Windows of a plane.</summary>
    public int PooledSize => checked(_outer.Count * _slice.PooledSize);

    /// <summary>Whether each window's gradient goes to one place, which the forward pass notes.</summary>
    public bool HasPlaces => method == PoolMethod.Max || draws;

    /// <summary>Whether the forward pass cannot do without them.</summary>
    public bool NeedsPlaces => draws || !_outer.IsOne;

    /// <summary>The same on an accelerator; the caller's to dispose of.</summary>
    public GpuPooler OnGpu() => new(method, draws, _slice, _outer);

    /// <summary>Pools planes.</summary>
    /// <param name="device">Where to compute.</param>
    /// <param name="planes">Number of planes.</param>
    /// <param name="x">The planes.</param>
    /// <param name="y">One number for each window.</param>
    /// <param name="places">Receives the places taken, -1 for none; not used without <see cref="HasPlaces"/>.
    /// Null where nobody wants them, but for <see cref="NeedsPlaces"/>.</param>
    /// <param name="mask">For MAX: receives the places as floats; null where nobody wants them.</param>
    /// <param name="stream">Where draws come from.</param>
    public void Forward(
        CpuDevice device, int planes, float* x, float* y, int* places, float* mask, RandomStream? stream)
    {
        Workspace workspace = device.Workspace;
        if (method == PoolMethod.Max && _outer.IsOne)
            Run(device, planes, new MaxPooling(_slice, planes, x, y, places, mask, workspace));
        else if (method == PoolMethod.Max)
            Run(device, planes, new VolumeMax(_slice, _outer, x, y, places, mask, workspace));
        else if (method == PoolMethod.Ave && _outer.IsOne)
            Run(device, planes, new AveragePooling(_slice, x, y, workspace));
        else if (method == PoolMethod.Ave)
            Run(device, planes, new VolumeAverage(_slice, _outer, x, y, workspace));
        else if (draws)
            Run(device, planes, new StochasticDraw(_slice, _outer, x, y, places, stream!.NextDraw()));
        else
            Run(device, planes, new StochasticMean(_slice, _outer, x, y, null, null));
    }

    /// <summary>Gives the planes their gradient.</summary>
    /// <param name="device">Where to compute.</param>
    /// <param name="planes">Number of planes.</param>
    /// <param name="x">The planes.</param>
    /// <param name="dy">The windows' gradient.</param>
    /// <param name="places">What the forward pass noted.</param>
    /// <param name="dx">The planes' gradient, overwritten.</param>
    public void Backward(CpuDevice device, int planes, float* x, float* dy, int* places, float* dx)
    {
        if (HasPlaces && _outer.IsOne && PlaceGather.Takes(_slice))
            Run(device, planes, new PlaceGather(_slice, dy, places, dx, device.Workspace));
        else if (HasPlaces)
            Run(device, planes, new PlaceScatter(PlaneSize, PooledSize, dy, places, dx));
        else if (method == PoolMethod.Ave && _outer.IsOne)
            Run(device, planes, new AverageSpread(_slice, dy, dx, device.Workspace));
        else if (method == PoolMethod.Ave)
            Run(device, planes, new VolumeSpread(_slice, _outer, dy, dx, device.Workspace));
        else
            Run(device, planes, new StochasticMean(_slice, _outer, x, null, dy, dx));
    }

    private void Run<TBody>(CpuDevice device, int planes, TBody body)
        where TBody : struct, IRowBody =>
        Rowwise.Run(device, planes, (long)PlaneSize + PooledSize, body);
}
