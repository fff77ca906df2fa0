using CaffeActors.Compute.Backends.Cpu.Convolution;
using CaffeActors.Compute.Schema;
using Google.Protobuf.Collections;

namespace CaffeActors.Compute.Layers.Convolution;

/// <summary>
/// Kernel, stride, pad and dilation of a <c>convolution_param</c>, one value for each spatial axis. Each comes from its
/// repeated field (one value for all axes, or one for each) or, on two axes, from its <c>_h</c> and <c>_w</c> fields.
/// </summary>
public sealed class ConvolutionSettings
{
    private readonly Func<string, Exception> _fail;
    private readonly int _axes;

    /// <summary>Reads and checks the fields.</summary>
    /// <param name="parameter">The message.</param>
    /// <param name="axes">Number of spatial axes, at least 0.</param>
    /// <param name="fail">Makes the exception for a message; a layer's <c>Fail</c>.</param>
    public ConvolutionSettings(ConvolutionParameter parameter, int axes, Func<string, Exception> fail)
    {
        _fail = fail;
        _axes = axes;
        Kernel = Values(
            "kernel", "kernel_size", parameter.KernelSize, parameter.HasKernelH ? parameter.KernelH : null,
            parameter.HasKernelW ? parameter.KernelW : null, standard: null);
        Stride = Values(
            "stride", "stride", parameter.Stride, parameter.HasStrideH ? parameter.StrideH : null,
            parameter.HasStrideW ? parameter.StrideW : null, standard: 1);
        // A pad of one side alone is what Caffe takes too: the other one is 0.
        uint? padH = parameter.HasPadH || parameter.HasPadW ? parameter.PadH : null;
        uint? padW = parameter.HasPadH || parameter.HasPadW ? parameter.PadW : null;
        Pad = Values("pad", "pad", parameter.Pad, padH, padW, standard: 0);
        Dilation = Values("dilation", "dilation", parameter.Dilation, null, null, standard: 1);
        for (int a = 0; a < axes; a++)
        {
            if (Kernel[a] == 0)
                throw fail($"the kernel has the length 0 along spatial axis {a}; it must be at least 1");
            if (Stride[a] == 0)
                throw fail($"the stride is 0 along spatial axis {a}; it must be at least 1");
            if (((long)Dilation[a] * (Kernel[a] - 1)) + 1 + (2L * Pad[a]) > int.MaxValue / 2)
            {
                throw fail(
                    $"kernel {Kernel[a]}, dilation {Dilation[a]} and pad {Pad[a]} of spatial axis {a} are too large");
            }
        }
    }

    /// <summary>Lengths of the kernel.</summary>
    public int[] Kernel { get; }

    /// <summary>Strides. Default 1.</summary>
    public int[] Stride { get; }

    /// <summary>Zeros on each side. Default 0.</summary>
    public int[] Pad { get; }

    /// <summary>Steps between the kernel's cells. Default 1.</summary>
    public int[] Dilation { get; }

    /// <summary>A spatial axis with an input of some length.</summary>
    /// <param name="axis">0 for the outermost.</param>
    /// <param name="input">Length of the input.</param>
    public SpatialAxis Axis(int axis, int input) => new(input, Kernel[axis], Stride[axis], Pad[axis], Dilation[axis]);

    private int[] Values(string what, string field, RepeatedField<uint> values, uint? h, uint? w, uint? standard)
    {
        if (h is null && w is null)
        {
            if (values.Count != 1 && values.Count != _axes && (values.Count != 0 || standard is null))
            {
                string need = _axes == 1 ? "once" : $"once, or once for each of the {_axes} spatial axes";
                throw _fail($"'{field}' is given {values.Count} times; it must be given {need}");
            }

            return [.. Enumerable.Range(0, _axes).Select(a => Number(field,
                values.Count == 0 ? standard!.Value : values[values.Count == 1 ? 0 : a]))];
        }

        if (_axes != 2)
            throw _fail($"'{what}_h' and '{what}_w' are for two spatial axes; here are {_axes}: use '{field}'");
        if (values.Count > 0)
            throw _fail($"'{field}' and '{what}_h', '{what}_w' exclude each other; give one or the other");
        if (h is null || w is null)
        {
            (string given, string missing) = h is null ? ("w", "h") : ("h", "w");
            throw _fail($"'{what}_{given}' is given without '{what}_{missing}'; give both, or '{field}' for both axes");
        }

        return [Number($"{what}_h", h.Value), Number($"{what}_w", w.Value)];
    }

    private int Number(string field, uint value) =>
        value <= int.MaxValue ? (int)value : throw _fail($"'{field}' is {value}, which is too large");
}
