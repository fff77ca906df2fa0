using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers.Convolution;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Benchmarks.Layers;

/// <summary>
/// The sums of a convolution over two axes, or of an inner product, one number at a time and in double: slow, and
/// plainly right. An inner product is the convolution of 1 x 1 pixels.
/// </summary>
internal sealed class PlainSums
{
    private readonly Blob _x;
    private readonly Blob _weights;
    private readonly Blob? _bias;
    private readonly int _groups;
    private readonly int _images;
    private readonly int _inputs;
    private readonly int _outputs;
    private readonly (int In, int Out, int Kernel, int Stride, int Pad, int Dilation) _rows;
    private readonly (int In, int Out, int Kernel, int Stride, int Pad, int Dilation) _columns;

    private PlainSums(NetLayer layer)
    {
        (_x, _weights) = (layer.Bottom[0], layer.Layer.Blobs[0]);
        _bias = layer.Layer.Blobs.Count > 1 ? layer.Layer.Blobs[1] : null;
        _images = _x.Dim(0);
        _outputs = _weights.Dim(0);
        if (layer.Layer.Type == "InnerProduct")
        {
            _groups = 1;
            _inputs = _weights.Dim(1);
            _rows = _columns = (1, 1, 1, 1, 0, 1);
            return;
        }

        var settings = new ConvolutionSettings(
            layer.Layer.Parameter.ConvolutionParam, 2, static message => new ArgumentException(message));
        _groups = (int)layer.Layer.Parameter.ConvolutionParam.Group;
        _inputs = _x.Dim(1);
        _rows = Axis(0);
        _columns = Axis(1);

        (int In, int Out, int Kernel, int Stride, int Pad, int Dilation) Axis(int a) =>
            (_x.Dim(2 + a), layer.Top[0].Dim(2 + a), settings.Kernel[a], settings.Stride[a], settings.Pad[a],
                settings.Dilation[a]);
    }

    private int InputsOfGroup => _inputs / _groups;

    private int OutputsOfGroup => _outputs / _groups;

    /// <summary>The sums of a layer; null where it makes others.</summary>
    public static PlainSums? Of(NetLayer layer) =>
        layer.Layer.Type is "Convolution" or "InnerProduct" ? new PlainSums(layer) : null;

    /// <summary>The output at a place of the top.</summary>
    public double Output(int place)
    {
        (int image, int o, int row, int column) = Split(place, _outputs, _rows.Out, _columns.Out);
        ReadOnlySpan<float> x = _x.Data, w = _weights.Data;
        double sum = _bias is null ? 0 : _bias.Data[o];
        int first = o / OutputsOfGroup * InputsOfGroup;
        for (int c = 0; c < InputsOfGroup; c++)
        {
            for (int ky = 0; ky < _rows.Kernel; ky++)
            {
                int y = (row * _rows.Stride) - _rows.Pad + (ky * _rows.Dilation);
                for (int kx = 0; kx < _columns.Kernel; kx++)
                {
                    int z = (column * _columns.Stride) - _columns.Pad + (kx * _columns.Dilation);
                    if ((uint)y < (uint)_rows.In && (uint)z < (uint)_columns.In)
                        sum += (double)w[Weight(o, c, ky, kx)] * x[Input(image, first + c, y, z)];
                }
            }
        }

        return sum;
    }

    /// <summary>The gradient at a place of the bottom.</summary>
    /// <param name="gradient">The top's gradient.</param>
    /// <param name="place">The place.</param>
    public double DataGradient(ReadOnlySpan<float> gradient, int place)
    {
        (int image, int channel, int y, int z) = Split(place, _inputs, _rows.In, _columns.In);
        ReadOnlySpan<float> w = _weights.Data;
        double sum = 0;
        int first = channel / InputsOfGroup * OutputsOfGroup;
        for (int o = first; o < first + OutputsOfGroup; o++)
        {
            for (int ky = 0; ky < _rows.Kernel; ky++)
            {
                (int row, int between) = Math.DivRem(y + _rows.Pad - (ky * _rows.Dilation), _rows.Stride);
                if (between != 0 || (uint)row >= (uint)_rows.Out)
                    continue;
                for (int kx = 0; kx < _columns.Kernel; kx++)
                {
                    (int column, between) =
                        Math.DivRem(z + _columns.Pad - (kx * _columns.Dilation), _columns.Stride);
                    if (between == 0 && (uint)column < (uint)_columns.Out)
                    {
                        sum += (double)w[Weight(o, channel % InputsOfGroup, ky, kx)]
                            * gradient[Output(image, o, row, column)];
                    }
                }
            }
        }

        return sum;
    }

    /// <summary>The gradient at a place of the weights.</summary>
    /// <param name="gradient">The top's gradient.</param>
    /// <param name="place">The place.</param>
    public double WeightGradient(ReadOnlySpan<float> gradient, int place)
    {
        (int o, int c, int ky, int kx) = Split(place, InputsOfGroup, _rows.Kernel, _columns.Kernel);
        ReadOnlySpan<float> x = _x.Data;
        int channel = (o / OutputsOfGroup * InputsOfGroup) + c;
        double sum = 0;
        for (int image = 0; image < _images; image++)
        {
            for (int row = 0; row < _rows.Out; row++)
            {
                int y = (row * _rows.Stride) - _rows.Pad + (ky * _rows.Dilation);
                for (int column = 0; column < _columns.Out && (uint)y < (uint)_rows.In; column++)
                {
                    int z = (column * _columns.Stride) - _columns.Pad + (kx * _columns.Dilation);
                    if ((uint)z < (uint)_columns.In)
                        sum += (double)x[Input(image, channel, y, z)] * gradient[Output(image, o, row, column)];
                }
            }
        }

        return sum;
    }

    private int Weight(int o, int c, int ky, int kx) =>
        (((((o * InputsOfGroup) + c) * _rows.Kernel) + ky) * _columns.Kernel) + kx;

    private int Input(int image, int channel, int y, int z) =>
        (((((image * _inputs) + channel) * _rows.In) + y) * _columns.In) + z;

    private int Output(int image, int o, int row, int column) =>
        (((((image * _outputs) + o) * _rows.Out) + row) * _columns.Out) + column;

    private static (int A, int B, int C, int D) Split(int place, int b, int c, int d) =>
        (place / d / c / b, place / d / c % b, place / d % c, place % d);
}
