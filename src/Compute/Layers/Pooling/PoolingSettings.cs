using CaffeActors.Compute.Schema;
using static CaffeActors.Compute.Schema.PoolingParameter.Types;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>
/// Kernel, stride and pad of a <c>pooling_param</c>, one value for each spatial axis: the field of one number holds for
/// all axes, the <c>_h</c> and <c>_w</c> fields are for two.
/// </summary>
public sealed class PoolingSettings
{
    // Far beyond any image, and small enough that sums of sizes stay within 32 bits.
    private const int GreatestSize = 1 << 28;

    private readonly PoolingParameter _pooling;
    private readonly Func<string, Exception> _fail;
    private readonly int _axes;

    /// <summary>Reads and checks the fields.</summary>
    /// <param name="pooling">The message.</param>
    /// <param name="axes">Number of spatial axes, at least 1.</param>
    /// <param name="fail">Makes the exception for a message; a layer's <c>Fail</c>.</param>
    public PoolingSettings(PoolingParameter pooling, int axes, Func<string, Exception> fail)
    {
        (_pooling, _axes, _fail) = (pooling, axes, fail);
        Kernel = pooling.GlobalPooling ? NoKernel() : KernelOf();
        Stride = Values("stride", pooling.HasStride, pooling.Stride, pooling.HasStrideH, pooling.StrideH,
            pooling.HasStrideW, pooling.StrideW, standard: 1);
        Pad = Values("pad", pooling.HasPad, pooling.Pad, pooling.HasPadH, pooling.PadH, pooling.HasPadW, pooling.PadW,
            standard: 0);
        IsPadded = Pad.Any(pad => pad != 0);
        if (Stride.Contains(0))
            throw fail($"the stride is {Text(Stride)}; it must be at least 1");
        if (pooling.GlobalPooling && (IsPadded || Stride.Any(stride => stride != 1)))
        {
            throw fail("global_pooling goes with pad 0 and stride 1, "
                + $"not with pad {Text(Pad)} and stride {Text(Stride)}");
        }

        if (!IsPadded)
            return;
        if (pooling.Pool == PoolMethod.Stochastic)
            throw fail($"pad {Text(Pad)}: only MAX and AVE pooling take padding");
        if (Pad.Where((pad, a) => pad >= Kernel[a]).Any())
            throw fail($"pad {Text(Pad)} must be smaller than the kernel {Text(Kernel)} on each axis");
    }

    /// <summary>Lengths of the window; 0 for global pooling, where the plane is the window.</summary>
    public int[] Kernel { get; }

    /// <summary>From a window to the next. Default 1.</summary>
    public int[] Stride { get; }

    /// <summary>Cells put around the plane. Default 0.</summary>
    public int[] Pad { get; }

    /// <summary>Whether any axis is padded.</summary>
    public bool IsPadded { get; }

    /// <summary>A spatial axis of some length; it has fewer windows than 1 where none fits.</summary>
    /// <param name="axis">0 for the outermost.</param>
    /// <param name="length">Its length.</param>
    public PoolingAxis Axis(int axis, int length)
    {
        int kernel = _pooling.GlobalPooling ? length : Kernel[axis];
        int pooled = PoolingAxis.PooledLength(
            length, kernel, Stride[axis], Pad[axis], IsPadded, _pooling.RoundMode);
        return new PoolingAxis(length, pooled, kernel, Stride[axis], Pad[axis]);
    }

    private static string Text(int[] values) => string.Join('x', values);

    private int[] NoKernel() =>
        _pooling.HasKernelSize || _pooling.HasKernelH || _pooling.HasKernelW
            ? throw _fail("with global_pooling the kernel is the whole plane; leave out its size")
            : new int[_axes];

    private int[] KernelOf()
    {
        bool both = _pooling.HasKernelH && _pooling.HasKernelW;
        if (_pooling.HasKernelSize == both)
        {
            throw _fail(both
                ? "kernel_size is given beside kernel_h and kernel_w; give one form"
                : "the kernel's size is missing; give kernel_size, or both kernel_h and kernel_w, or global_pooling");
        }

        int[] kernel = both
            ? Pair("kernel", _pooling.KernelH, _pooling.KernelW)
            : All("kernel_size", _pooling.KernelSize);
        return kernel.Contains(0)
            ? throw _fail($"the kernel is {Text(kernel)}; it must be at least 1 on each axis")
            : kernel;
    }

    private int[] Values(string name, bool hasOne, uint one, bool hasH, uint h, bool hasW, uint w, int standard)
    {
        if (hasH != hasW)
        {
            (string given, string missing) = hasH ? ("h", "w") : ("w", "h");
            throw _fail($"{name}_{given} is given without {name}_{missing}; give both, or {name} for all axes");
        }

        if (hasOne && hasH)
            throw _fail($"{name} is given beside {name}_h and {name}_w; give one form");
        return hasH ? Pair(name, h, w) : All(name, hasOne ? one : (uint)standard);
    }

    private int[] Pair(string name, uint h, uint w) =>
        _axes == 2
            ? [Size(name + "_h", h), Size(name + "_w", w)]
            : throw _fail($"{name}_h and {name}_w are for two spatial axes; here are {_axes}: use "
                + (name == "kernel" ? "kernel_size" : name));

    private int[] All(string name, uint value)
    {
        int[] values = new int[_axes];
        Array.Fill(values, Size(name, value));
        return values;
    }

    private int Size(string name, uint value) =>
        value <= GreatestSize ? (int)value : throw _fail($"{name} is {value}; it must not be above {GreatestSize}");
}
