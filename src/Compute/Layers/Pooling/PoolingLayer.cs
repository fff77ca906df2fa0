using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using static CaffeActors.Compute.Schema.PoolingParameter.Types;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>
/// Pools windows of each plane: MAX takes the greatest element, AVE the mean, STOCHASTIC an element drawn with a
/// probability proportional to its value (in phase TEST the mean of that draw). One bottom (N, C, H, W), one top
/// (N, C, P_h, P_w) with P = ceil((H + 2 pad - kernel) / stride) + 1 (floor with <c>round_mode: FLOOR</c>); where
/// there is padding, a last window that would begin beyond H + pad is left out. MAX has a second top on request:
/// the place h * W + w of each maximum on its plane, as a float.
/// <c>pooling_param</c>: <c>pool</c>, default MAX; <c>kernel_size</c> or <c>kernel_h</c> and <c>kernel_w</c>;
/// <c>stride</c> (default 1) or <c>stride_h</c> and <c>stride_w</c>; <c>pad</c> (default 0) or <c>pad_h</c> and
/// <c>pad_w</c>, below the kernel and for MAX and AVE only; <c>global_pooling</c>, default false: the kernel is the
/// plane; <c>round_mode</c>, default CEIL.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Pooling")]
public sealed unsafe class PoolingLayer(LayerParameter parameter) : Layer(parameter)
{
    // Far beyond any image, and small enough that sums of sizes stay within 32 bits.
    private const int GreatestSize = 1 << 28;

    private readonly PoolingParameter _pooling = parameter.PoolingParam ?? new PoolingParameter();

    // Places of the elements taken, as 32-bit integers in the blob's data.
    private readonly Blob _places = new();
    private PoolingGeometry _geometry;
    private RandomStream? _stream;

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int MinTops => 1;

    /// <inheritdoc/>
    public override int MaxTops => _pooling.Pool == PoolMethod.Max ? 2 : 1;

    private bool IsDraw => _pooling.Pool == PoolMethod.Stochastic && Phase == Phase.Train;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top)
    {
        long rows = Math.Min(_geometry.KernelH, _geometry.Height);
        return top[0].Count * rows * Math.Min(_geometry.KernelW, _geometry.Width);
    }

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        if (bottom[0].AxisCount != 4)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"it pools blobs of 4 axes (N, C, H, W), but its bottom has the shape {bottom[0].ShapeString}");
        }

        int height = bottom[0].Dim(2), width = bottom[0].Dim(3);
        if (_pooling.GlobalPooling)
            _geometry = _geometry with { KernelH = height, KernelW = width };
        int pooledHeight = PooledSize(height, _geometry.KernelH, _geometry.StrideH, _geometry.PadH, "height");
        int pooledWidth = PooledSize(width, _geometry.KernelW, _geometry.StrideW, _geometry.PadW, "width");
        _geometry = _geometry with
        {
            Height = height,
            Width = width,
            PooledHeight = pooledHeight,
            PooledWidth = pooledWidth,
        };
        foreach (Blob blob in top)
            blob.Reshape(bottom[0].Dim(0), bottom[0].Dim(1), pooledHeight, pooledWidth);
        if (_pooling.Pool == PoolMethod.Max || IsDraw)
            _places.ReshapeLike(top[0]);
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (bottom[0] == top[0])
            throw Fail(ErrorCodes.BadConnection, "it cannot work in place; give its top a name of its own");
        PoolingParameter p = _pooling;
        (int kernelH, int kernelW) = p.GlobalPooling ? NoKernel() : Kernel();
        (int strideH, int strideW) = Pair(
            "stride", p.HasStride, p.Stride, p.HasStrideH, p.StrideH, p.HasStrideW, p.StrideW, standard: 1);
        (int padH, int padW) = Pair("pad", p.HasPad, p.Pad, p.HasPadH, p.PadH, p.HasPadW, p.PadW, standard: 0);
        if (strideH == 0 || strideW == 0)
            throw Fail(ErrorCodes.BadLayerParameter, $"the stride is {strideH}x{strideW}; both must be at least 1");
        if (p.GlobalPooling && (padH != 0 || padW != 0 || strideH != 1 || strideW != 1))
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                "global_pooling goes with pad 0 and stride 1, "
                + $"not with pad {padH}x{padW} and stride {strideH}x{strideW}");
        }

        if (padH != 0 || padW != 0)
        {
            if (p.Pool == PoolMethod.Stochastic)
                throw Fail(ErrorCodes.BadLayerParameter, $"pad {padH}x{padW}: only MAX and AVE pooling take padding");
            if (padH >= kernelH || padW >= kernelW)
            {
                throw Fail(ErrorCodes.BadLayerParameter,
                    $"pad {padH}x{padW} must be smaller than the kernel {kernelH}x{kernelW} on each axis");
            }
        }

        _geometry = new PoolingGeometry
        {
            Height = 0,
            Width = 0,
            PooledHeight = 0,
            PooledWidth = 0,
            KernelH = kernelH,
            KernelW = kernelW,
            StrideH = strideH,
            StrideW = strideW,
            PadH = padH,
            PadW = padW,
        };
        if (IsDraw)
            _stream = CreateStream("draw");
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        if (top[0].Count == 0)
            return;
        float* x = bottom[0].CpuData, y = top[0].MutableCpuData;
        Workspace workspace = Context.Device.Workspace;
        int planes = bottom[0].CountRange(0, 2);
        if (_pooling.Pool == PoolMethod.Max)
        {
            float* mask = top.Length > 1 ? top[1].MutableCpuData : null;
            Run(planes, new MaxPooling(_geometry, planes, x, y, (int*)_places.MutableCpuData, mask, workspace));
        }
        else if (_pooling.Pool == PoolMethod.Ave)
        {
            Run(planes, new AveragePooling(_geometry, x, y, workspace));
        }
        else if (IsDraw)
        {
            Run(planes, new StochasticDraw(_geometry, x, y, (int*)_places.MutableCpuData, _stream!.NextDraw()));
        }
        else
        {
            Run(planes, new StochasticMean(_geometry, x, y, null, null));
        }
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0] || bottom[0].Count == 0)
            return;
        float* dy = top[0].CpuDiff, dx = bottom[0].MutableCpuDiff;
        int planes = bottom[0].CountRange(0, 2);
        if (_pooling.Pool == PoolMethod.Ave)
            Run(planes, new AverageSpread(_geometry, dy, dx, Context.Device.Workspace));
        else if (_pooling.Pool == PoolMethod.Max || IsDraw)
            Run(planes, new PlaceScatter(_geometry, dy, (int*)_places.CpuData, dx));
        else
            Run(planes, new StochasticMean(_geometry, bottom[0].CpuData, null, dy, dx));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _places.Dispose();
    }

    private void Run<TBody>(int planes, TBody body)
        where TBody : struct, IRowBody =>
        Rowwise.Run(Context.Device, planes, _geometry.PlaneSize + _geometry.PooledSize, body);

    private (int H, int W) NoKernel()
    {
        if (_pooling.HasKernelSize || _pooling.HasKernelH || _pooling.HasKernelW)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                "with global_pooling the kernel is the whole plane; leave out its size");
        }

        return (0, 0);
    }

    private (int H, int W) Kernel()
    {
        bool both = _pooling.HasKernelH && _pooling.HasKernelW;
        if (_pooling.HasKernelSize == both)
        {
            throw Fail(ErrorCodes.BadLayerParameter, both
                ? "kernel_size is given beside kernel_h and kernel_w; give one form"
                : "the kernel's size is missing; give kernel_size, or both kernel_h and kernel_w, or global_pooling");
        }

        (int h, int w) = both
            ? (Size("kernel_h", _pooling.KernelH), Size("kernel_w", _pooling.KernelW))
            : (Size("kernel_size", _pooling.KernelSize), Size("kernel_size", _pooling.KernelSize));
        if (h == 0 || w == 0)
            throw Fail(ErrorCodes.BadLayerParameter, $"the kernel is {h}x{w}; both sides must be at least 1");
        return (h, w);
    }

    private (int H, int W) Pair(
        string name, bool hasOne, uint one, bool hasH, uint h, bool hasW, uint w, int standard)
    {
        if (hasH != hasW)
        {
            (string given, string missing) = hasH ? ("h", "w") : ("w", "h");
            throw Fail(ErrorCodes.BadLayerParameter,
                $"{name}_{given} is given without {name}_{missing}; give both, or {name} for both axes");
        }

        if (hasOne && hasH)
            throw Fail(ErrorCodes.BadLayerParameter, $"{name} is given beside {name}_h and {name}_w; give one form");
        if (hasH)
            return (Size(name + "_h", h), Size(name + "_w", w));
        return hasOne ? (Size(name, one), Size(name, one)) : (standard, standard);
    }

    private int Size(string name, uint value) =>
        value <= GreatestSize
            ? (int)value
            : throw Fail(ErrorCodes.BadLayerParameter, $"{name} is {value}; it must not be above {GreatestSize}");

    private int PooledSize(int size, int kernel, int stride, int pad, string axis)
    {
        // In single precision, as Caffe divides.
        float steps = (float)(size + (2 * pad) - kernel) / stride;
        int pooled = (int)(_pooling.RoundMode == RoundMode.Floor ? MathF.Floor(steps) : MathF.Ceiling(steps)) + 1;
        bool padded = _geometry.PadH != 0 || _geometry.PadW != 0;
        if (padded && (pooled - 1L) * stride >= size + pad)
            pooled--;
        if (size > 0 && pooled > 0 && !(padded && (pooled - 1L) * stride >= size + pad))
            return pooled;
        throw Fail(ErrorCodes.ShapeMismatch,
            $"no window fits: {axis} {size}, kernel {kernel}, stride {stride}, pad {pad}; "
            + "make the kernel smaller, pad more, or pool less before");
    }
}
