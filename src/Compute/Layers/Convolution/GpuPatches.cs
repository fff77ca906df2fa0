using CaffeActors.Compute.Backends.Cpu.Convolution;
using CaffeActors.Compute.Backends.Gpu;
using ILGPU;

namespace CaffeActors.Compute.Layers.Convolution;

/// <summary>Patches of planes on an accelerator: what <see cref="PatchLayout"/> is on the CPU.</summary>
internal sealed class GpuPatches : IDisposable
{
    private const int NumbersEach = 6;

    private readonly GpuTable _table = new();
    private int[] _numbers = [];
    private int _axes;
    private int _plane;
    private int _taps;
    private int _outputs;

    /// <summary>Takes the spatial axes, outermost first, at least one.</summary>
    public void Set(SpatialAxis[] axes)
    {
        _axes = axes.Length;
        _numbers = [.. axes.SelectMany(axis =>
            (int[])[axis.Input, axis.Kernel, axis.Stride, axis.Pad, axis.Dilation, axis.Output])];
        _plane = _taps = _outputs = 1;
        foreach (SpatialAxis axis in axes)
        {
            _plane *= axis.Input;
            _taps *= axis.Kernel;
            _outputs *= axis.Output;
        }
    }

    /// <summary>Queues the copies of all planes' patches: im2col.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="planes">Number of planes.</param>
    /// <param name="images">The planes.</param>
    /// <param name="patches">Receives a matrix (cells, output places) for each plane.</param>
    public void Gather(GpuDevice gpu, int planes, Values images, Values patches) =>
        gpu.Run(planes * _taps * _outputs, new GatherBody(Layout(gpu), images, patches));

    /// <summary>Queues the sums of what each number of the planes was copied to: col2im.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="planes">Number of planes.</param>
    /// <param name="patches">A matrix for each plane.</param>
    /// <param name="images">The planes, overwritten.</param>
    public void Scatter(GpuDevice gpu, int planes, Values patches, Values images) =>
        gpu.Run(planes * _plane, new ScatterBody(Layout(gpu), patches, images));

    /// <inheritdoc/>
    public void Dispose() => _table.Dispose();

    private Shape Layout(GpuDevice gpu) => new(_table.On(gpu, _numbers), _axes, _plane, _taps, _outputs);

    internal readonly struct Shape(ArrayView<int> table, int axes, int plane, int taps, int outputs)
    {
        public int Plane => plane;

        public int Taps => taps;

        public int Outputs => outputs;

        // Where in the plane a cell of an output place's patch lies; -1 outside.
        public int Inside(int tap, int output)
        {
            int at = 0, step = 1;
            for (int a = axes - 1; a >= 0; a--)
            {
                int first = a * NumbersEach;
                int input = table[first], kernel = table[first + 1], length = table[first + 5];
                int place = (output % length * table[first + 2]) - table[first + 3] + (tap % kernel * table[first + 4]);
                if (place < 0 || place >= input)
                    return -1;
                at += place * step;
                step *= input;
                tap /= kernel;
                output /= length;
            }

            return at;
        }

        // The output place whose cell a number of the plane is; -1 where there is none.
        public int OutputOf(int tap, int at)
        {
            int output = 0, step = 1;
            for (int a = axes - 1; a >= 0; a--)
            {
                int first = a * NumbersEach;
                int input = table[first], kernel = table[first + 1], stride = table[first + 2];
                int place = (at % input) + table[first + 3] - (tap % kernel * table[first + 4]);
                if (place < 0 || place % stride != 0 || place / stride >= table[first + 5])
                    return -1;
                output += place / stride * step;
                step *= table[first + 5];
                tap /= kernel;
                at /= input;
            }

            return output;
        }
    }

    internal readonly struct GatherBody(Shape shape, Values images, Values patches) : IGpuBody
    {
        public void Invoke(int i)
        {
            int output = i % shape.Outputs, row = i / shape.Outputs;
            int at = shape.Inside(row % shape.Taps, output);
            patches.Set(i, at < 0 ? 0 : images[(row / shape.Taps * shape.Plane) + at]);
        }
    }

    // In the order of the cells, as on the CPU.
    internal readonly struct ScatterBody(Shape shape, Values patches, Values images) : IGpuBody
    {
        public void Invoke(int i)
        {
            int at = i % shape.Plane, first = i / shape.Plane * shape.Taps;
            float sum = 0;
            for (int tap = 0; tap < shape.Taps; tap++)
            {
                int output = shape.OutputOf(tap, at);
                if (output >= 0)
                    sum += patches[((first + tap) * shape.Outputs) + output];
            }

            images.Set(i, sum);
        }
    }
}
