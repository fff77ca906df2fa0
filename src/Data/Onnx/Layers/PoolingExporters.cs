using CaffeActors.Compute.Layers.Pooling;
using CaffeActors.Compute.Schema;
using static CaffeActors.Compute.Schema.PoolingParameter.Types;

namespace CaffeActors.Data.Onnx.Layers;

/// <summary>
/// Layers that pool windows. How many windows there are is Caffe's rule, so the pads behind the axes are set so that
/// exactly these fit. A window that lies wholly behind the bottom is more than ONNX's pooling allows: its value is put
/// around the others'.
/// </summary>
internal abstract class WindowExporter(LayerPlace place) : LayerExporter(place)
{
    /// <summary>Pools the bottom, (N, C, spatial axes...).</summary>
    /// <param name="method">How.</param>
    /// <param name="axes">The spatial axes.</param>
    /// <returns>The pooled value.</returns>
    protected string Pool(PoolMethod method, PoolingAxis[] axes)
    {
        // One entry for each method; what is drawn at random has its mean value here, as in phase TEST.
        Func<string, PoolingAxis[], string>[] pools = [Greatest, Average, Expectation];
        return pools[(int)method](In(0), axes);
    }

    /// <summary>Adds a node that slides over the bottom, without windows that lie wholly outside.</summary>
    protected OnnxNode Slide(string op, string images, PoolingAxis[] axes)
    {
        IEnumerable<int> begin = axes.Select(axis => axis.Pad), end = axes.Select(axis => Math.Max(0,
            ((Inside(axis) - 1) * axis.Stride) + axis.Kernel - axis.Pad - axis.Length));
        return Node(op, images).With("kernel_shape", axes.Select(axis => axis.Kernel))
            .With("strides", axes.Select(axis => axis.Stride)).With("pads", begin.Concat(end));
    }

    /// <summary>Whether a window lies wholly behind the bottom.</summary>
    protected static bool HasOutside(PoolingAxis[] axes) => axes.Any(axis => Inside(axis) < axis.Pooled);

    private static int Inside(PoolingAxis axis) => Math.Min(
        axis.Pooled, (axis.Length - 1 + axis.Pad + axis.Stride) / axis.Stride);

    private static bool IsWhole(PoolingAxis[] axes) =>
        axes.All(axis => axis.Pooled == 1 && axis.Pad == 0 && axis.Kernel == axis.Length);

    private string Greatest(string images, PoolingAxis[] axes) => IsWhole(axes)
        ? Op("GlobalMaxPool", images)
        : WithOutside(Slide("MaxPool", images, axes).Output, axes, float.MinValue);

    private string Average(string images, PoolingAxis[] axes)
    {
        if (IsWhole(axes))
            return Op("GlobalAveragePool", images);
        string means = WithOutside(
            Slide("AveragePool", images, axes).With("count_include_pad", 1).Output, axes, 0);
        // A window divides by its cells up to the end of the padding; ONNX by all of them.
        float[] factors = [1];
        foreach (PoolingAxis axis in axes)
        {
            float[] along = [.. Enumerable.Range(0, axis.Pooled).Select(w => (float)axis.Kernel / axis.DivisorOf(w))];
            factors = [.. factors.SelectMany(factor => along.Select(other => factor * other))];
        }

        return factors.All(factor => factor == 1) ? means : Op("Mul", means, Graph.Floats(
            $"{Layer.Name}/divisors", [1, 1, .. axes.Select(axis => axis.Pooled)], factors));
    }

    private string Expectation(string images, PoolingAxis[] axes)
    {
        string sums = Average(images, axes), squares = Average(Op("Mul", images, images), axes);
        return Op("Where", Op("Greater", sums, Scalar(0)), Op("Div", squares, sums), Scalar(0));
    }

    private string WithOutside(string pooled, PoolingAxis[] axes, float value)
    {
        if (!HasOutside(axes))
            return pooled;
        long[] pads = new long[2 * (axes.Length + 2)];
        for (int a = 0; a < axes.Length; a++)
            pads[axes.Length + 4 + a] = axes[a].Pooled - Inside(axes[a]);
        return Op("Pad", pooled, Longs("pads", pads), Scalar(value));
    }
}

[OnnxExport("Pooling")]
internal sealed class PoolingExporter(LayerPlace place) : WindowExporter(place)
{
    public override void Export()
    {
        PoolingParameter pooling = Parameter.PoolingParam ?? new PoolingParameter();
        int[] shape = Shape(0);
        var settings = new PoolingSettings(pooling, shape.Length - 2, Cannot);
        PoolingAxis[] axes =
            [.. Enumerable.Range(0, shape.Length - 2).Select(a => settings.Axis(a, KnownLength(0, a + 2)))];
        if (Tops == 1)
        {
            Set(0, Pool(pooling.Pool, axes));
            return;
        }

        if (HasOutside(axes))
            throw Cannot("a window lies wholly outside, so it has no place for the second top");
        OnnxNode node = Slide("MaxPool", In(0), axes);
        // ONNX counts places through all planes, Caffe within each.
        string places = Op("Mod", node.OutputAt(1), Longs("plane", axes.Aggregate(1L, (n, axis) => n * axis.Length)));
        Set(0, node.Output);
        Set(1, AsFloats(places));
    }
}

[OnnxExport("SPP")]
internal sealed class SPPExporter(LayerPlace place) : WindowExporter(place)
{
    public override void Export()
    {
        SPPParameter spp = Parameter.SppParam;
        List<string> levels = [];
        for (int level = 0; level < (int)spp.PyramidHeight; level++)
        {
            PoolingAxis[] axes = [AxisOf(2, 1 << level), AxisOf(3, 1 << level)];
            levels.Add(Pool((PoolMethod)spp.Pool, axes));
        }

        Set(0, levels.Count == 1 ? levels[0] : Node("Concat", [.. levels.Select(
            level => Node("Flatten", level).With("axis", 1).Output)]).With("axis", 1).Output);
    }

    private PoolingAxis AxisOf(int axis, int bins)
    {
        int length = KnownLength(0, axis), kernel = (length + bins - 1) / bins;
        int pad = ((kernel * bins) - length + 1) / 2;
        return new PoolingAxis(length, bins, kernel, kernel, pad);
    }
}
