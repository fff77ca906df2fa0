using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Convolution;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Convolution;

/// <summary>
/// The patches that a convolution would see, as channels:
/// y[n, c * Q + q, p] = x[n, c, p * stride - pad + q * dilation], 0 outside the image, with Q the number of the
/// kernel's cells q, row-major. Backward adds up what each number was copied to.
/// Bottom (batch axes..., channels, one or more spatial axes...), top (batch axes..., channels * Q, output axes...)
/// with a convolution's output lengths. No blobs.
/// <c>convolution_param</c>: <c>kernel_size</c> | <c>kernel_h</c>, <c>kernel_w</c>, <c>stride</c> 1, <c>pad</c> 0,
/// <c>dilation</c> 1, <c>axis</c> 1; the rest has no effect.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Im2col")]
public sealed unsafe class Im2colLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly GpuPatches _onGpu = new();
    private ConvolutionSettings? _settings;
    private PatchLayout? _layout;
    private int[] _bottomShape = [];
    private int[] _topShape = [];
    private int _axis;
    private int _planes;

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    /// <remarks>None: it copies.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        if (!bottom[0].Shape.SequenceEqual(_bottomShape))
            TakeShape(bottom[0]);
        top[0].Reshape(_topShape);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        if (top[0].Count > 0)
            _onGpu.Gather(gpu, _planes, bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (propagateDown[0] && bottom[0].Count > 0)
            _onGpu.Scatter(gpu, _planes, top[0].GpuDiff(gpu), bottom[0].OverwriteGpuDiff(gpu));
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (bottom[0] == top[0])
            throw Fail(ErrorCodes.BadConnection, "it cannot work in place; give its top a name of its own");
        ConvolutionParameter convolution = Parameter.ConvolutionParam ?? new ConvolutionParameter();
        _axis = bottom[0].CanonicalAxis(convolution.Axis);
        int spatial = bottom[0].AxisCount - _axis - 1;
        if (spatial < 1)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"there must be a spatial axis behind the channel axis {_axis} of the bottom {bottom[0].ShapeString}");
        }

        _settings = new ConvolutionSettings(
            convolution, spatial, message => Fail(ErrorCodes.BadLayerParameter, message));
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        if (top[0].Count > 0)
            _layout!.Gather(Context.Device, _planes, bottom[0].CpuData, top[0].MutableCpuData);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (propagateDown[0] && bottom[0].Count > 0)
            _layout!.Scatter(Context.Device, _planes, top[0].CpuDiff, bottom[0].MutableCpuDiff);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _onGpu.Dispose();
    }

    private void TakeShape(Blob bottom)
    {
        ConvolutionSettings settings = _settings!;
        int rank = _axis + 1 + settings.Kernel.Length;
        if (bottom.AxisCount != rank)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"the bottom had {rank} axes at first and now has {bottom.ShapeString}");
        }

        var axes = new SpatialAxis[settings.Kernel.Length];
        long channels = bottom.Dim(_axis);
        int[] shape = [.. bottom.Shape];
        for (int a = 0; a < axes.Length; a++)
        {
            axes[a] = settings.Axis(a, bottom.Dim(_axis + 1 + a));
            shape[_axis + 1 + a] = axes[a].Output;
            channels *= axes[a].Kernel;
            if (axes[a].Output < 1)
            {
                throw Fail(ErrorCodes.ShapeMismatch,
                    $"along spatial axis {a} the output would have the length {axes[a].Output}: input {axes[a].Input}, "
                    + $"kernel {axes[a].Kernel}, stride {axes[a].Stride}, pad {axes[a].Pad}, dilation "
                    + axes[a].Dilation);
            }

            if (channels > int.MaxValue)
            {
                throw Fail(ErrorCodes.ShapeMismatch,
                    $"{bottom.Dim(_axis)} channels and a kernel of {string.Join(" x ", settings.Kernel)} make too many "
                    + "channels");
            }
        }

        shape[_axis] = (int)channels;
        _layout = new PatchLayout(axes);
        _onGpu.Set(axes);
        _planes = bottom.CountRange(0, _axis + 1);
        _topShape = shape;
        _bottomShape = [.. bottom.Shape];
    }
}
